import type { HashQueue } from '../../credentials/hash_queue.ts';
import { createSendBudget } from '../../security/send_budget.ts';
import { createActivationMessageService } from '../journeys/activation_message_service.ts';
import { createActivationService } from '../journeys/activation_service.ts';
import { createAddressChangeService } from '../journeys/address_change_service.ts';
import { createAddressVerificationService } from '../journeys/address_verification_service.ts';
import { createChallengeService } from './challenge_service.ts';
import { createCodeGenerationService } from './code_generation_service.ts';
import { createCodeInspectionService } from './code_inspection_service.ts';
import { createFactorRecoveryService } from '../journeys/factor_recovery_service.ts';
import { createHostedCodeService } from './hosted_code_service.ts';
import { createHostedFactorService } from '../journeys/hosted_factor_service.ts';
import { createHostedRegistrationService } from '../journeys/hosted_registration_service.ts';
import type { ProveCodeDeps } from './prove_code.ts';
import { createRecoveryService } from '../journeys/recovery_service.ts';
import { createRegistrationService } from '../journeys/registration_service.ts';
import { createSignInCodeService } from './sign_in_code_service.ts';

export type CodeJourneyDeps = ProveCodeDeps & { readonly hashQueue: HashQueue; readonly publicUrl: string };

/** Everything that is done with one-time codes, one service for each journey. */
export function createCodeJourneys(given: CodeJourneyDeps) {
  const deps = { ...given, budget: createSendBudget(given.sealer) };
  const journeys = {
    challenges: createChallengeService(deps),
    signInCodes: createSignInCodeService(deps),
    codeInspection: createCodeInspectionService(deps),
    codeGeneration: createCodeGenerationService(deps),
    activationMessages: createActivationMessageService(deps),
    activation: createActivationService(deps),
    registration: createRegistrationService(deps),
    recovery: createRecoveryService(deps),
    factorRecovery: createFactorRecoveryService(deps),
    addressVerification: createAddressVerificationService(deps),
  };
  const addressChanges = createAddressChangeService({ ...deps, ...journeys });
  const hostedRegistration = createHostedRegistrationService({ ...deps, ...journeys });
  return {
    ...journeys,
    addressChanges,
    hostedRegistration,
    hostedFactors: createHostedFactorService({ ...deps, ...journeys }),
    hostedCodes: createHostedCodeService({ ...deps, ...journeys }),
  };
}
