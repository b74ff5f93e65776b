import { createSession } from 'purge-unlearning';
import { fetchFile } from '../loading/fetching';
import { settings } from '../state/settings.svelte';
import { PageSession } from './page-session.svelte';

/** The page's session: what a visitor can do. */
export const session = new PageSession({ settings, createSession, fetchFile });
/** What the page shows of it. */
export const { shown } = session;
