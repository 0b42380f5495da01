// What the three components expect around them. Echo is set up as a bootstrap.js does, for the page's own host.
import LaravelEcho from 'laravel-echo';
import Pusher from 'pusher-js';

window.Pusher = Pusher;

window.Echo = new LaravelEcho({
  broadcaster: 'pusher',
  key: 'taskwatch',
  cluster: 'eu',
  wsHost: location.hostname,
  wsPort: location.port,
  forceTLS: false,
  enabledTransports: ['ws'],
  authEndpoint: '/broadcasting/auth',
});

export const Echo = window.Echo;
export const nodes = [];
export const edges = [];

export const showToast = (message, level) => tell({ toast: message, level });
export const showAlert = (message, level) => tell({ alert: message, level });
export const playNotificationSound = () => tell({ sound: true });

export const ReactFlow = () => <div className="flow" />;
export const StatCard = ({ title, value, color }) => <p className={color}>{`${title}: ${value}`}</p>;
export const TaskCard = ({ task, riskLevel }) => <p>{`${task.task_code}: ${riskLevel}`}</p>;
