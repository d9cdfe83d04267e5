// nodejs-websocket: the design that Cocos' WebSocketServer cites.
const ws = require("nodejs-websocket");

const server = ws.createServer((connection) => {
  connection.on("text", (text) => connection.sendText(text));
  connection.on("error", () => {});
});
server.listen(0, "127.0.0.1", () => console.log(server.socket.address().port));
