// Prints the totals of a vitest JSON report as one line and exits like the run did. Usage: summary.js <report> <exit code of vitest>
import { readFileSync } from 'node:fs';

const [reportPath, exitCode] = process.argv.slice(2);
const report = readReport(reportPath);
const passed = report.numPassedTests ?? 0;
const skipped = (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0);
let failed = report.numFailedTests ?? 0;

// A file that does not load, an unhandled error or a run without any test has no failed test to count, and is a failure all the same.
const broken = exitCode !== '0' || report.success !== true || passed + failed === 0;
if (broken && failed === 0) failed = 1;

console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 ? 1 : 0;

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return {};
  }
}
