import axios from 'axios';
import { useEffect, useState } from 'react';

import { Echo, ReactFlow, edges, nodes, showToast } from '../page/around.jsx';

const WorkflowMonitor = ({ orderId, workflowType = 'bc' }) => {
  const [progress, setProgress] = useState(null);
  const [notifications, setNotifications] = useState([]);

  useEffect(() => {
    // Initial fetch
    fetchProgress();

    // Subscribe to workflow channel
    const channel = Echo.private(`workflow.${workflowType}.${orderId}`)
      .listen('.task.status.changed', (e) => {
        console.log('Task status changed:', e);
        fetchProgress(); // Refresh progress

        if (e.new_status === 'completed') {
          showToast(`Task "${e.task_name}" completed!`, 'success');
        }
      })
      .listen('.task.became.ready', (e) => {
        console.log('Task became ready:', e);
        fetchProgress();
        showToast(`Task "${e.task_name}" is ready!`, 'info');
      })
      .listen('.task.sla.exceeded', (e) => {
        console.log('SLA exceeded:', e);
        showToast(
          `⚠️ Task "${e.task_name}" exceeded SLA by ${e.exceeded_by_minutes} minutes!`,
          'error'
        );
      });

    return () => {
      channel.stopListening('.task.status.changed');
      channel.stopListening('.task.became.ready');
      channel.stopListening('.task.sla.exceeded');
      Echo.leave(`workflow.${workflowType}.${orderId}`);
    };
  }, [orderId, workflowType]);

  const fetchProgress = async () => {
    const { data } = await axios.get(
      `/api/backend/tasks/workflow/${workflowType}/Order/${orderId}/progress`
    );
    setProgress(data.progress);
  };

  return (
    <div>
      <h2>Workflow Progress: {progress?.progress_percentage}%</h2>
      <ReactFlow nodes={nodes} edges={edges} />
    </div>
  );
};

export default WorkflowMonitor;
