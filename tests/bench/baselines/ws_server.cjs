// Node's `ws` the way its documentation broadcasts. Run: node ws_server.cjs PORT FEED_PORT
// Each line that comes in at the feed port goes to every client.
"use strict";
const net = require("node:net");
const readline = require("node:readline");
const { WebSocket, WebSocketServer } = require("ws");

const [port, feedPort] = process.argv.slice(2).map(Number);
const server = new WebSocketServer({ host: "127.0.0.1", port, backlog: 4096 });

net
  .createServer((feed) => {
    readline.createInterface({ input: feed }).on("line", (line) => {
      for (const client of server.clients) {
        if (client.readyState === WebSocket.OPEN) client.send(line);
      }
    });
  })
  .listen(feedPort, "127.0.0.1");
