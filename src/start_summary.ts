import type { Config } from './config.ts';

/** Made a moment ago and known to nobody else: shown once, stored only as hashes. */
export type GeneratedCredentials = {
  readonly administrator?: { readonly email: string; readonly password: string };
  readonly managementClient?: { readonly id: string; readonly secret: string };
};

/**
 * What a person sees when the server has started: where everything is, and new credentials this one time.
 * `demoUrl` is absent where the demo application could not start.
 */
export function startSummary(
  config: Config,
  startedInMs: number,
  demoUrl: string | undefined,
  credentials?: GeneratedCredentials,
): string {
  const lines = [
    `Weir is ready after ${(startedInMs / 1000).toFixed(1)} s`,
    '',
    row('API', `${config.publicUrl}/api`),
    ...(config.env === 'production' ? [] : demoRows(config, demoUrl)),
    ...(hasAny(credentials) ? ['', 'New, and shown this once:', ...credentialRows(config, credentials)] : []),
  ];
  return `\n${lines.map((line) => (line === '' ? '' : `  ${line}`)).join('\n')}\n\n`;
}

/** Credentials as lines for a terminal, with where they are used. */
export function credentialRows(config: Config, credentials: GeneratedCredentials): string[] {
  const { administrator, managementClient } = credentials;
  return [
    ...(administrator ? [row('Administrator', `${administrator.email}  ${administrator.password}`)] : []),
    ...(managementClient ? [row('Client', `${managementClient.id}  ${managementClient.secret}`)] : []),
    row('Their issuer', `${config.publicUrl}/${tenantOf(config)}/admin`),
  ];
}

export function hasAny(credentials: GeneratedCredentials | undefined): credentials is GeneratedCredentials {
  return credentials !== undefined && Object.values(credentials).some((value) => value !== undefined);
}

function demoRows(config: Config, demoUrl: string | undefined): string[] {
  const { person } = config.bootstrap.description.demo;
  const issuer = demoIssuer(config);
  return [
    row('Demo issuer', issuer),
    row('Discovery', `${issuer}/.well-known/openid-configuration`),
    row('Mailbox', `${config.publicUrl}/dev/mailbox`),
    ...(demoUrl === undefined ? [] : [row('Demo app', demoUrl)]),
    row('Sign in as', `${person.identifier}  ${person.password}`),
  ];
}

/** The issuer of the workspace to try things out in. */
export function demoIssuer(config: Config): string {
  return `${config.publicUrl}/${tenantOf(config)}/${config.bootstrap.description.demo.workspace.id}`;
}

function tenantOf({ bootstrap }: Config): string {
  return bootstrap.tenantId ?? bootstrap.description.tenant.id;
}

function row(name: string, value: string): string {
  return `${name.padEnd(14)} ${value}`;
}
