// Prints "N passed, N failed, N skipped" of a vitest JSON report, and exits with 1 if anything failed or nothing ran.
// usage: node .ci/summary.js REPORT.json [FAILED_STEPS]
import {existsSync, readFileSync} from 'node:fs';

const [report, steps = '0'] = process.argv.slice(2);
const empty = {numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: []};
const run = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : empty;

// A file that does not load has no test to fail.
const broken = run.testResults.filter(
  file => file.status === 'failed' && !file.assertionResults.some(test => test.status === 'failed'),
).length;
const passed = run.numPassedTests;
const failed = run.numFailedTests + broken + (run.numFailedTests + broken > 0 ? Math.max(0, steps - 1) : Number(steps));
const skipped = run.numPendingTests + run.numTodoTests;
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
