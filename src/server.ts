import type { RequestListener } from 'node:http';
import Koa from 'koa';
import type { Config } from './config.ts';
import { createHashQueue, type HashQueueCounters } from './credentials/hash_queue.ts';
import type { Database } from './db/connection.ts';
import { createDomain } from './domain.ts';
import { createApi } from './api/index.ts';
import { serveBrandFiles } from './flows/brand_files.ts';
import type { FlowDeps } from './flows/deps.ts';
import { createOidcPages } from './flows/oidc_pages.ts';
import { servePoolPages } from './flows/pool_pages.ts';
import { serveAssets } from './http/assets.ts';
import { errors } from './http/errors.ts';
import { languageChoice } from './http/locale.ts';
import { requestId } from './http/request_id.ts';
import { startJobs } from './jobs/index.ts';
import { channelWarnings } from './messages/channels/index.ts';
import { serveDevMailbox } from './messages/dev_mailbox.ts';
import { createWays } from './messages/transports/ways.ts';
import { startMessageWorker } from './messages/worker.ts';
import type { Health } from './observability/health.ts';
import type { Logger } from './observability/logger.ts';
import { serveHealth } from './http/health.ts';
import { createSelfTokenVerifier, createTokenVerifier } from './oidc/access_tokens.ts';
import { createServerBuilder } from './oidc/build_server.ts';
import { startLogoutWorker } from './oidc/logout_worker.ts';
import { createSecretGuesses } from './oidc/secret_guesses.ts';
import { pinProtocol } from './oidc/provider.ts';
import { ProviderCache } from './oidc/provider_cache.ts';
import { createApiRate } from './security/api_rate.ts';
import { createAttempts } from './security/attempts.ts';
import { createCsrfTokens } from './security/csrf.ts';
import { hostGuard } from './security/hosts.ts';
import { securityHeaders } from './security/headers.ts';
import { createKnownBrowsers } from './security/known_browser.ts';
import { createOutboundFetch } from './security/outbound.ts';
import type { MasterKey } from './security/seal.ts';
import { loadSealer } from './security/wrapped_keys.ts';
import { ConfigBus } from './workspaces/config_change.ts';
import { serveWorkspaces } from './workspace_routes.ts';

export type ServerDeps = {
  readonly config: Config;
  readonly secrets: { readonly masterKeys: readonly MasterKey[]; readonly cookieKeys: readonly string[] };
  readonly db: Database;
  readonly logger: Logger;
  readonly health: Health;
};

export type Server = {
  readonly app: Koa;
  /** What is being hashed and what waits, for whoever watches the server. */
  readonly hashing: () => HashQueueCounters;
  callback(): RequestListener;
  /** Stops what runs beside requests; connections are the caller's. */
  close(): Promise<void>;
};

/** Composes the application. Never listens. */
export async function createServer(deps: ServerDeps): Promise<Server> {
  const { config, secrets, db, logger, health } = deps;
  const { publicUrl } = config;
  const sealer = await loadSealer(db.knex, secrets.masterKeys);
  const hashQueue = createHashQueue({ webConcurrency: config.webConcurrency });
  const bus = new ConfigBus();
  const attempts = createAttempts(sealer, { sourceLimit: config.sourceAttemptLimit });
  const ways = createWays({ config, sealer, log: (fields, message) => logger.info(fields, message) });
  const domain = createDomain({ db, bus, sealer, hashQueue, attempts, ways, publicUrl });
  const loopbackAliases = config.env !== 'production';
  const hosts = { publicUrl, trustProxy: config.trustProxy, loopbackAliases };

  const flows: FlowDeps = {
    db,
    domain,
    sealer,
    hashQueue,
    attempts,
    knownBrowsers: createKnownBrowsers(sealer),
    csrf: createCsrfTokens(sealer, { publicUrl }),
    secureCookies: publicUrl.startsWith('https:'),
  };
  const servers: ProviderCache = new ProviderCache({
    db,
    bus,
    max: config.providerCacheMax,
    build: createServerBuilder({
      db,
      sealer,
      secretGuesses: createSecretGuesses({ db, attempts, sealer }),
      publicUrl,
      cookieKeys: secrets.cookieKeys,
      pages: createOidcPages((scope) => servers.get(scope)),
      fetch: createOutboundFetch({ allowHosts: config.outboundAllowHosts }),
      onServerError: (ctx, err) =>
        logger.error({ err, route: ctx.oidc.route, issuer: ctx.oidc.issuer }, 'an OAuth endpoint failed'),
    }),
    onWarning: (message, err) => logger.warn({ err }, message),
  });
  await servers.start();
  const tokens = { knex: db.knex, secrets: sealer, servers, publicUrl };

  const app = new Koa();
  // The same keys as every provider, else interaction cookies go out unsigned (design 4.4).
  app.keys = [...secrets.cookieKeys];
  pinProtocol(app, new URL(publicUrl).protocol.slice(0, -1));
  // Koa prints what the error middleware below has logged already.
  app.silent = true;

  app.use(hostGuard(hosts));
  app.use(requestId());
  app.use(securityHeaders({ publicUrl }));
  app.use(errors({ logger }));
  app.use(serveHealth(health));
  app.use(serveAssets());
  app.use(
    createApi({
      domain,
      verifyToken: createTokenVerifier(tokens),
      verifySelfToken: createSelfTokenVerifier(tokens),
      idempotency: { knex: db.knex, sealer },
      rate: createApiRate(config.apiRateLimit),
      publicUrl,
      systemTenantId: systemTenantOf(config),
      installation: { auditRetentionDays: config.auditRetentionDays },
    }),
  );
  app.use(serveBrandFiles({ servers, domain }));
  app.use(languageChoice());
  app.use(serveDevMailbox({ knex: db.knex, sealer, config }));
  app.use(servePoolPages({ servers, flows, hosts }));
  app.use(serveWorkspaces({ servers, flows, unit: { knex: db.knex, secrets: sealer }, hosts }));

  const jobs = startJobs({
    db,
    attempts,
    purgePools: () => domain.pools.purge(),
    tendKeys: () => domain.keySchedules.tend(),
    carryOnImports: () => domain.imports.sweep(),
    auditRetentionDays: config.auditRetentionDays,
    onError: (job, err) => logger.error({ err, job }, 'a job failed'),
  });
  for (const warning of channelWarnings(config)) logger.warn(warning);
  const messages = startMessageWorker({
    database: db.options,
    sealer,
    ways,
    publicUrl,
    onError: (err) => logger.error({ err }, 'a message could not be handled'),
  });
  const logouts = startLogoutWorker({
    db,
    servers,
    onError: (err) => logger.error({ err }, 'an application could not be told of a logout'),
  });
  return {
    app,
    hashing: () => hashQueue.counters(),
    callback: () => app.callback(),
    async close() {
      await jobs.close();
      await messages.close();
      await logouts.close();
      await servers.close();
    },
  };
}

/** The tenant whose `operator` roles govern the installation: the one that the first start created. */
export function systemTenantOf(config: Config): string {
  return config.bootstrap.tenantId ?? config.bootstrap.description.tenant.id;
}
