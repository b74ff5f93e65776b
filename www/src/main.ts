import { mount } from 'svelte';
import App from './App.svelte';
import { session, shown } from './session';
import { followAddress } from './state/settings.svelte';
import './style/tokens.css';
import './style/base.css';

const target = document.querySelector('#page');
if (!target) throw new Error('index.html has no element with the id "page"');
followAddress({ locked: () => shown.busy, changed: () => void session.follow() });
mount(App, { target });
