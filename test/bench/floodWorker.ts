/** Reads a flood of output on a thread of its own, so that it costs the measuring client nothing. */
import { parentPort, workerData } from 'node:worker_threads';
import { SinkClient, framesOf } from './sinkClient';

const { url, start } = workerData as { readonly url: string; readonly start: string };

const sink = await SinkClient.connect(url);
sink.send(framesOf(start));
let last = 0;
const progress = setInterval(() => {
  if (sink.contentBytes > last) parentPort?.postMessage('flooding');
  last = sink.contentBytes;
}, 20);
parentPort?.once('message', () => {
  clearInterval(progress);
  void sink.close().then(() => parentPort?.postMessage('ended'));
});
