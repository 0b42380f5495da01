import { useEffect, useState } from 'react';

import { Echo, playNotificationSound } from '../page/around.jsx';

const UserNotifications = ({ userId }) => {
  const [notifications, setNotifications] = useState([]);

  useEffect(() => {
    // Subscribe to user's task channel
    Echo.private(`user.${userId}.tasks`)
      .listen('.task.became.ready', (e) => {
        addNotification({
          type: 'task_ready',
          message: `Task "${e.task_name}" is ready for you`,
          taskId: e.task_id,
          timestamp: new Date(),
        });

        // Play notification sound
        playNotificationSound();
      })
      .notification((notification) => {
        addNotification({
          type: notification.type,
          message: notification.message,
          taskId: notification.task_id,
          timestamp: new Date(),
        });
      });

    return () => {
      Echo.leave(`user.${userId}.tasks`);
    };
  }, [userId]);

  const addNotification = (notification) => {
    setNotifications(prev => [notification, ...prev].slice(0, 10));
  };

  return (
    <div className="notifications-panel">
      {notifications.map((notif, index) => (
        <div key={index} className={`notification ${notif.type}`}>
          <p>{notif.message}</p>
          <small>{notif.timestamp.toLocaleTimeString()}</small>
        </div>
      ))}
    </div>
  );
};

export default UserNotifications;
