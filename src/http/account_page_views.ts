import { accessViews } from './account_access_views.ts';
import { credentialsViews } from './account_credentials_views.ts';
import { overviewViews } from './account_overview_views.ts';
import type { AccountPages } from './account_pages.ts';
import { personViews } from './account_person_views.ts';
import type { Present } from './page_views.ts';

/** Some of the pages of an account as data. */
export type AccountViews<Name extends keyof AccountPages> = { [One in Name]: Present<AccountPages[One]> };

/** The pages of one's own account as data. */
export const accountPageViews: AccountViews<keyof AccountPages> = {
  ...overviewViews,
  ...personViews,
  ...credentialsViews,
  ...accessViews,
};
