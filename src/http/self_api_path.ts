// `/{tid}/identity/...` are hosted pages: no workspace has that id.
const SELF_API = /^\/[^/]+\/(?!identity\/)[^/]+\/(?:(?:identity|sso)(?:\/|$)|tokens$)/;

/** Whether a path belongs to a workspace's self API, which programs call with a person's token (contract 2.3, 4). */
export const isSelfApiPath = (path: string): boolean => SELF_API.test(path);
