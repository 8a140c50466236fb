// `/{tid}/identity/...` are hosted pages: no workspace has that id.
const SELF_API = /^\/[^/]+\/(?!identity\/)[^/]+\/identity(?:\/|$)/;

/** Whether a path belongs to a workspace's self API, which programs call with a person's token (contract 2.3). */
export const isSelfApiPath = (path: string): boolean => SELF_API.test(path);
