// Runs models without inputs by ONNX Runtime and writes what they give: for I.onnx and output K, I.K as little-endian binary64 and I.K.shape as text,
// or I.error with the message where the model is refused.
//   node run-all.mjs FOLDER_OF_NODE_MODULES FOLDER COUNT
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const [modules, folder, count] = process.argv.slice(2);
const ort = createRequire(path.join(modules, 'index.js'))('onnxruntime-node');
for (let i = 0; i < Number(count); i++) {
  try {
    const session = await ort.InferenceSession.create(path.join(folder, `${i}.onnx`), { logSeverityLevel: 4 });
    const results = await session.run({});
    session.outputNames.forEach((name, output) => {
      const { data, dims } = results[name];
      const values = Float64Array.from(data, Number);
      fs.writeFileSync(path.join(folder, `${i}.${output}`), Buffer.from(values.buffer));
      fs.writeFileSync(path.join(folder, `${i}.${output}.shape`), dims.join('x'));
    });
  } catch (error) {
    fs.writeFileSync(path.join(folder, `${i}.error`), String(error.message));
  }
}
