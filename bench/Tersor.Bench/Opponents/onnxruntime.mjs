// Fastest run of a model in ONNX Runtime, in milliseconds.
// node onnxruntime.mjs PACKAGES MODEL BATCH THREADS SECONDS, where PACKAGES/node_modules holds onnxruntime-node.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [packages, model, batch, threads, seconds] = process.argv.slice(2);
const ort = createRequire(join(packages, 'node_modules', 'x.js'))('onnxruntime-node');
const session = await ort.InferenceSession.create(model, { intraOpNumThreads: Number(threads), interOpNumThreads: 1 });
const input = session.inputMetadata[0];
const shape = [Number(batch), ...input.shape.slice(1)];
const values = new Float32Array(shape.reduce((product, size) => product * size));
for (let i = 0, state = 1; i < values.length; i++) {
  state = (state * 48271) % 2147483647;
  values[i] = state / 1073741824 - 1;
}

const feeds = { [input.name]: new ort.Tensor('float32', values, shape) };
for (let i = 0; i < 2; i++) await session.run(feeds);
let fastest = Infinity;
for (const end = performance.now() + 1000 * Number(seconds); performance.now() < end; ) {
  const start = performance.now();
  await session.run(feeds);
  fastest = Math.min(fastest, performance.now() - start);
}

console.log(fastest);
