// A page that does with laravel-echo, pusher-js, axios and EventSource what it is told, and tells what it hears.
import axios from "axios";
import Echo from "laravel-echo";
import Pusher from "pusher-js";

window.axios = axios; // where Echo looks for it, to add X-Socket-ID
window.Pusher = Pusher;

const channels = {};

window.verbs = {
  // Signs in at a daemon; without a token as the browser's owner.
  connect(daemon, token) {
    const { hostname, port } = new URL(daemon);
    axios.defaults.baseURL = daemon;
    if (token) axios.defaults.headers.common.Authorization = `Bearer ${token}`;
    window.Echo = new Echo({
      broadcaster: "pusher",
      key: "taskwatch",
      cluster: "eu",
      wsHost: hostname,
      wsPort: port,
      forceTLS: false,
      enabledTransports: ["ws"],
      authEndpoint: `${daemon}/broadcasting/auth`,
      userAuthentication: { endpoint: `${daemon}/broadcasting/user-auth`, headers: bearer(token) },
      bearerToken: token,
    });
    const { connection } = window.Echo.connector.pusher;
    connection.bind("state_change", ({ current }) => tell({ heard: "state", state: current }));
    connection.bind("error", (error) => tell({ heard: "trouble", error: error?.data ?? String(error) }));
  },

  // Follows a topic by Echo.channel, Echo.private or Echo.join.
  follow(how, topic, ...events) {
    const hear = (heard) => (data) => tell({ heard, on: topic, data: data ?? null });
    const channel = (channels[topic] = window.Echo[how](topic));
    channel.subscribed(() => tell({ heard: "subscribed", on: topic }));
    channel.error((error) => tell({ heard: "error", on: topic, type: error.type, status: error.status }));
    for (const event of events) channel.listen(event, hear(event));
    if (how === "join") channel.here(hear("here")).joining(hear("joining")).leaving(hear("leaving"));
  },

  notification(topic) {
    window.Echo.private(topic).notification((data) => tell({ heard: "notification", on: topic, data }));
  },

  hearWhisper(topic, event) {
    channels[topic].listenForWhisper(event, (data) => tell({ heard: "whisper", on: topic, data }));
  },

  whisper: (topic, event, data) => void channels[topic].whisper(event, data),

  leave: (topic) => window.Echo.leave(topic),

  // Echo's sign-in, and what is sent to the user whom it finds.
  signin(event) {
    window.Echo.connector.signin();
    const { user } = window.Echo.connector.pusher;
    user.bind(event, (data) => tell({ heard: event, on: "me", data }));
    return user.signinDonePromise.then(() => user.user_data?.id ?? null);
  },

  isSubscribed: (channel) => window.Echo.connector.pusher.channel(channel)?.subscribed ?? false,

  socketId: () => window.Echo.socketId(),

  disconnect: () => window.Echo.disconnect(),

  async post(path, body) {
    const { status, data } = await axios.post(path, body ?? {}, { validateStatus: () => true });
    return { status, data };
  },

  // A plain EventSource, as it comes.
  stream(name, address, ...events) {
    const source = new EventSource(address);
    source.onopen = () => tell({ heard: "open", on: name });
    source.onerror = () => tell({ heard: "drop", on: name, closed: source.readyState === EventSource.CLOSED });
    for (const event of events)
      source.addEventListener(event, ({ data, lastEventId }) =>
        tell({ heard: event, on: name, id: lastEventId, data: JSON.parse(data) }),
      );
  },
};

function bearer(token) {
  return token ? { Authorization: `Bearer ${token}` } : {};
}
