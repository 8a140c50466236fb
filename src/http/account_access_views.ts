import { accountPage } from './account_frame.ts';
import type { AccountViews } from './account_page_views.ts';
import { dayOf, momentOf, deviceName } from './account_words.ts';

/** Where a person is signed in, and what applications may do. */
export const accessViews: AccountViews<'account_sessions' | 'account_applications'> = {
  account_sessions: (model, say, locale) =>
    accountPage(model, say, {
      section: 'sessions',
      heading: say('account_sessions.title'),
      lede: say('account_sessions.lede'),
      hasForm: model.sessions.some(({ isThisOne }) => !isThisOne),
      field: 'session',
      others: model.sessions.some(({ isThisOne }) => !isThisOne),
      items: model.sessions.map(({ id, isThisOne, place, device, ip, createdAt, lastSeenAt }) => ({
        id,
        name: deviceName(device, say),
        badge: isThisOne ? { tone: 'moss', text: say('account_sessions.this_one') } : undefined,
        lines: [
          say('account_sessions.at', { place }),
          say('account_sessions.last_used', { time: momentOf(lastSeenAt, locale).text }),
          say('account.since', { date: dayOf(createdAt, locale) }),
          ...(ip === null ? [] : [say('account.from', { ip })]),
        ],
        button: isThisOne ? undefined : say('account_sessions.end'),
      })),
    }),

  account_applications: (model, say, locale) =>
    accountPage(model, say, {
      section: 'applications',
      heading: say('account_applications.title'),
      lede: say('account_applications.lede'),
      hasForm: model.applications.length > 0,
      empty: say('account_applications.none'),
      field: 'application',
      items: model.applications.map(({ id, name, place, since }) => ({
        id,
        name,
        lines: [say('account_sessions.at', { place }), say('account.since', { date: dayOf(since, locale) })],
        button: say('account_applications.revoke'),
      })),
    }),
};
