// node check.js FILE...: every document of these files against the schema of its kind, unknown fields included.
//
// Two checks, because neither finds all: the models' validators know required fields, types and allowed values; the compiler's check of
// literals against the models' interfaces finds names of fields that do not exist, at any depth.
const fs = require('fs');
const path = require('path');
const os = require('os');
const yaml = require('js-yaml');
const ts = require('typescript');

const problems = [];
const source = [];
const documents = [];
for (const file of process.argv.slice(2)) {
  for (const document of yaml.loadAll(fs.readFileSync(file, 'utf8'), null, { schema: yaml.CORE_SCHEMA })) {
    if (!document) {
      continue;
    }

    const name = `${file}: ${document.kind} ${document.metadata?.name}`;
    const module = `kubernetes-models/${document.apiVersion}`;
    let Model;
    try {
      Model = require(module)[document.kind];
    } catch {
      Model = undefined;
    }

    if (!Model) {
      problems.push(`${name}: there is no ${document.kind} in ${document.apiVersion}`);
      continue;
    }

    try {
      new Model(document).validate();
    } catch (error) {
      problems.push(`${name}: ${error.message}`);
    }

    const number = documents.push(name) - 1;
    source.push(
      `import {I${document.kind} as T${number}} from '${module}'; `
      + `export const x${number}: T${number} = ${JSON.stringify(document)};`);
  }
}

// The compiler looks for the models from the file's own folder.
const generated = path.join(__dirname, `generated-${process.pid}.ts`);
fs.writeFileSync(generated, source.join('\n'));
try {
  const program = ts.createProgram([generated], {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    moduleResolution: ts.ModuleResolutionKind.Node10,
    module: ts.ModuleKind.CommonJS,
    target: ts.ScriptTarget.ES2020,
    types: [],
  });
  for (const diagnostic of ts.getPreEmitDiagnostics(program)) {
    const line = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start).line;
    const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, os.EOL).split(os.EOL).pop().trim();
    problems.push(`${documents[line] ?? 'check.js'}: ${message}`);
  }
} finally {
  fs.unlinkSync(generated);
}

problems.forEach((problem) => console.log(problem));
console.log(`${documents.length} documents, ${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
