#!/usr/bin/env node
import { runApp } from './run-app.mjs';

const [app, ...args] = process.argv.slice(2);
await runApp(app, args);
