#!/usr/bin/env node
import { runApp } from './run-app.mjs';

await runApp('standalone');
