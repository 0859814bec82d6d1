import { runUntilStopped } from '../../gateway/src/boot/run-until-stopped.js';
import { startStandalone } from './start-standalone.js';

await runUntilStopped('standalone', startStandalone);
