// A page that shows one of the components, and tells its text whenever that changes.
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';

import SLADashboard from '../components/SLADashboard.jsx';
import UserNotifications from '../components/UserNotifications.jsx';
import WorkflowMonitor from '../components/WorkflowMonitor.jsx';
import { Echo } from './around.jsx';

const COMPONENTS = { SLADashboard, UserNotifications, WorkflowMonitor };
const root = document.getElementById('root');
const look = () => tell({ shown: root.innerText, classes: [...root.querySelectorAll('[class]')].map((e) => e.className) });

let shown = null;

window.verbs = {
  // Shows a component; `channel` is what it follows, so that its subscription can be told.
  show(name, props, channel) {
    const Component = COMPONENTS[name];
    new MutationObserver(look).observe(root, { childList: true, subtree: true, characterData: true, attributes: true });
    shown = createRoot(root);
    flushSync(() => shown.render(<Component {...props} />));
    Echo.connector.channels[`private-${channel}`].subscribed(() => tell({ subscribed: channel }));
  },

  // Takes the component away; gives the channels that are still followed.
  hide() {
    shown.unmount();
    return new Promise((done) => setTimeout(() => done(Object.keys(Echo.connector.channels))));
  },
};
