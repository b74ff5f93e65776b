import type { Gpu } from './device.js';
import { loadEngine, loadHelper } from './engine.js';
import { serve, type WorkerScope } from './serve.js';

const { gpu } = navigator as { gpu?: Gpu };

// The DOM's types know `self` as a window only.
serve(self as unknown as WorkerScope, { surroundings: { gpu, isSecureContext }, loadEngine, loadHelper });
