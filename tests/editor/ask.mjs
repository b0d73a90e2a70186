// Opens the environment files of a workspace in the YAML language server, and asks it as an editor does.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [program, root] = process.argv.slice(2);
const SECONDS = 60;
const folder = path.join(root, "environments");
const settings = path.join(root, ".vscode", "settings.json");
const schemas = fs.existsSync(settings) ? JSON.parse(fs.readFileSync(settings, "utf8"))["yaml.schemas"] : {};
const yaml = { schemas, validate: true, hover: true, completion: true, schemaStore: { enable: false } };

const files = Object.fromEntries(
  fs.readdirSync(folder).filter((name) => name.endsWith(".yaml")).map((name) => [name, fs.readFileSync(path.join(folder, name), "utf8")]),
);
assert.ok(Object.keys(files).length > 5);
files["wrong.yaml"] = files["ec2.yaml"].replace("max_vcpus", "max_vcpu").replace(/^region:/m, "regoin:");

const server = spawn(process.execPath, [program, "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
const waiting = new Map();
const found = new Map();
let known = () => {};
let rest = Buffer.alloc(0);
let last = 0;

function send(message) {
  const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
  server.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
  server.stdin.write(body);
}

function ask(method, params) {
  last += 1;
  send({ id: last, method, params });
  return new Promise((answered) => waiting.set(last, answered));
}

function take(message) {
  if (message.method === "textDocument/publishDiagnostics") {
    found.set(path.basename(message.params.uri), message.params.diagnostics.map((one) => one.message));
    known();
  } else if (message.method === "workspace/configuration") {
    send({ id: message.id, result: message.params.items.map((item) => (item.section === "yaml" ? yaml : null)) });
  } else if (message.method && message.id !== undefined) {
    send({ id: message.id, result: null });
  } else if (waiting.has(message.id)) {
    waiting.get(message.id)(message.result);
  }
}

server.stdout.on("data", (data) => {
  rest = Buffer.concat([rest, data]);
  for (let head = rest.indexOf("\r\n\r\n"); head >= 0; head = rest.indexOf("\r\n\r\n")) {
    const length = Number(/Content-Length: (\d+)/.exec(rest.subarray(0, head))[1]);
    if (rest.length < head + 4 + length) return;
    const body = rest.subarray(head + 4, head + 4 + length);
    rest = rest.subarray(head + 4 + length);
    take(JSON.parse(body));
  }
});
setTimeout(() => assert.fail(`no answer after ${SECONDS} s; known: ${[...found.keys()]}`), SECONDS * 1000).unref();

const uri = (name) => pathToFileURL(path.join(folder, name)).href;
const rootUri = pathToFileURL(root).href;
await ask("initialize", {
  processId: process.pid,
  rootUri,
  workspaceFolders: [{ uri: rootUri, name: "workspace" }],
  capabilities: { workspace: { configuration: true, workspaceFolders: true } },
});
send({ method: "initialized", params: {} });
send({ method: "workspace/didChangeConfiguration", params: { settings: { yaml } } });
await ask("shutdown/none", null); // an answer to this, if only an error, says that the settings were taken

// The verdict on the wrong file comes with the schema; the others are opened once that is known.
const verdict = (name, wanted) =>
  new Promise((settled) => {
    known = () => found.has(name) && wanted(found.get(name)) && settled(found.get(name));
    send({ method: "textDocument/didOpen", params: { textDocument: { uri: uri(name), languageId: "yaml", version: 1, text: files[name] } } });
  });
const wrong = await verdict("wrong.yaml", (messages) => messages.length > 0);
assert.ok(wrong.some((message) => message.includes("max_vcpu is not allowed")), wrong.join("\n"));
assert.ok(wrong.some((message) => message.includes("regoin is not allowed")), wrong.join("\n"));
for (const name of Object.keys(files)) {
  if (name !== "wrong.yaml") assert.deepEqual([name, ...(await verdict(name, () => true))], [name]);
}

const lines = files["ec2.yaml"].split("\n");
const line = lines.findIndex((text) => text.includes("max_vcpus"));
const place = { textDocument: { uri: uri("ec2.yaml") }, position: { line, character: lines[line].indexOf("max_vcpus") } };
const hover = await ask("textDocument/hover", { ...place, position: { line, character: place.position.character + 2 } });
assert.match(JSON.stringify(hover), /Most vCPUs at one time/);
const offered = await ask("textDocument/completion", place);
const labels = (offered.items ?? offered).map((item) => item.label);
for (const field of ["allocation_strategy", "drain_minutes", "protect"]) assert.ok(labels.includes(field), labels.join(" "));
server.kill();
process.exit(0);
