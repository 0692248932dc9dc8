// The server of scripted.mjs as a child process:  scripted_child.mjs LOG OFFERS   writes each line it gets to LOG.
import { appendFileSync } from 'node:fs';
import { answerOf } from './scripted.mjs';

const [log, offers] = [process.argv[2], JSON.parse(process.argv[3])];
// Only a line feed ends a line: nothing else may look like two messages.
let rest = '';
process.stdin.setEncoding('utf8').on('data', (text) => {
  const pieces = (rest + text).split('\n');
  rest = pieces.pop();
  for (const line of pieces) {
    appendFileSync(log, `${line}\n`);
    const message = JSON.parse(line);
    if (message.id !== undefined && message.method !== undefined) process.stdout.write(`${JSON.stringify(answerOf(offers, message))}\n`);
  }
});
