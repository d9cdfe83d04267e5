// Talks to an echo server with node's ws; prints what happened as one line of JSON.
//
//     node client.cjs URL [OPTIONS]
//
// OPTIONS are those of ws, as JSON.

const WebSocket = require("ws");

const MESSAGES = [
  "hello",
  "",
  "größe 漢字 🎭",
  Buffer.from([0, 1, 2, 255]),
  Buffer.alloc(0),
  "x".repeat(1024 * 1024),
  Buffer.alloc(1024 * 1024, 0xa5),
];

const events = [];
const echoed = [];
const socket = new WebSocket(process.argv[2], JSON.parse(process.argv[3] ?? "{}"));

let extensions = "";

socket.on("upgrade", ({ headers }) => {
  extensions = headers["sec-websocket-extensions"] ?? "";
});

socket.on("open", () => {
  events.push("open");
  socket.send(MESSAGES[0]);
});

socket.on("message", (data, isBinary) => {
  const sent = MESSAGES[echoed.length];
  echoed.push(isBinary === Buffer.isBuffer(sent) && data.equals(Buffer.from(sent)));
  if (echoed.length < MESSAGES.length) {
    socket.send(MESSAGES[echoed.length]);
  } else {
    socket.ping("are you there");
  }
});

socket.on("pong", (data) => {
  events.push(`pong ${data}`);
  socket.close(3001, "node is done");
});

socket.on("error", (error) => events.push(`error ${error.message}`));

socket.on("close", (code) => {
  events.push("close");
  console.log(JSON.stringify({ events, echoed, code, extensions }));
});
