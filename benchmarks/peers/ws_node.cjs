// ws, with bufferutil as it recommends; compression is off unless `--compression` is given.
const { WebSocketServer } = require("ws");

const perMessageDeflate = process.argv.includes("--compression");
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate }, () =>
  console.log(server.address().port),
);
server.on("connection", (socket) => {
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
});
