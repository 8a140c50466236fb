import type { z } from 'zod';
import type { Domain } from '../domain.ts';
import type { ExpectedVersion } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import type { Permission } from '../roles/permissions.ts';
import type { Principal } from '../roles/principal.ts';
import type { Resource } from '../roles/authority_store.ts';
import type { Requirement } from './requirement.ts';
import type { StreamedBody } from './stream_body.ts';

/** What whoever runs the installation has decided, as far as it holds for every tenant. */
export type Installation = {
  /** Days that audit events are kept; 0: for ever. */
  readonly auditRetentionDays: number;
};

type ParamNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamNames<Rest>
  : never;

/** What a handler works with: everything checked, the caller allowed. */
export type RouteInput<Path extends string, Q, B> = {
  readonly params: { readonly [Name in ParamNames<Path>]: string };
  readonly query: Q;
  readonly body: B;
  /** Who does it, for the record. */
  readonly by: Actor;
  /** The person or client as their token proves them; absent where no token is asked for. */
  readonly principal: Principal | undefined;
  /**
   * The address that guesses are counted at. Undefined for the system API: a trusted backend speaks for many
   * people, and one of them must not use up the tries of the others.
   */
  readonly source: string | undefined;
  /** Whether the caller may do something else too, for what one permission does not decide. */
  readonly allows: (permission: Permission, resource: Resource) => Promise<boolean>;
  /** From `If-Match`: a change based on another version is refused. */
  readonly expected: ExpectedVersion;
  /** The body as it comes, for routes that read it themselves (`stream`). */
  readonly stream: StreamedBody;
  readonly domain: Domain;
  readonly publicUrl: string;
  readonly systemTenantId: string;
  readonly installation: Installation;
};

/** `version` becomes the ETag of a single resource. */
export type Answer = { readonly body?: unknown; readonly version?: number };

type Declaration<Path extends string, Q, B> = {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  readonly path: Path;
  /** The name of the operation in the contract. */
  readonly operationId: string;
  readonly summary: string;
  /** What else a caller should know of its effects, in whole sentences. */
  readonly description?: string;
  readonly tag: string;
  readonly requires: Requirement<NoInfer<B>>;
  /** Parameters that a query may have; none when absent. */
  readonly query?: z.ZodType<Q>;
  readonly body?: z.ZodType<B>;
  /** The media types of a body that the handler reads as it comes, however long; never together with `body`. */
  readonly stream?: readonly string[];
  /** The one success: its status, and its body unless it has none; `type` for one that is not JSON, a stream. */
  readonly answers: {
    readonly status: 200 | 201 | 204;
    readonly schema?: z.ZodType;
    readonly type?: string;
  };
  /** Refusals beyond 401, 403 and the 400 of a malformed request, for the document. */
  readonly refuses: readonly (400 | 401 | 403 | 404 | 409 | 412 | 422 | 429 | 503)[];
  readonly handler: (input: RouteInput<Path, Q, B>) => Promise<Answer>;
};

/** A row of the route table, as the router reads it. */
export type Route = Declaration<string, unknown, unknown>;

/** Declares an operation: permission, input, answer, handler. */
export function route<const Path extends string, Q = undefined, B = undefined>(
  declaration: Declaration<Path, Q, B>,
): Route {
  return declaration as unknown as Route;
}
