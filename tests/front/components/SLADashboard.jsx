import axios from 'axios';
import { useEffect, useState } from 'react';

import { Echo, StatCard, TaskCard, showAlert } from '../page/around.jsx';

const SLADashboard = () => {
  const [stats, setStats] = useState(null);
  const [atRisk, setAtRisk] = useState([]);

  useEffect(() => {
    fetchSLAData();
    const interval = setInterval(fetchSLAData, 30000); // Refresh every 30s

    // Subscribe to admin SLA alerts
    Echo.private('admin.sla.alerts')
      .listen('.task.sla.exceeded', (e) => {
        showAlert(
          `⚠️ SLA ALERT: Task "${e.task_name}" exceeded by ${e.exceeded_by_minutes} minutes`,
          e.alert_level
        );
        fetchSLAData();
      });

    return () => {
      clearInterval(interval);
      Echo.leave('admin.sla.alerts');
    };
  }, []);

  const fetchSLAData = async () => {
    const [statsRes, atRiskRes] = await Promise.all([
      axios.get('/api/backend/tasks/sla/statistics'),
      axios.get('/api/backend/tasks/sla/at-risk'),
    ]);

    setStats(statsRes.data.statistics);
    setAtRisk(atRiskRes.data.tasks_at_risk);
  };

  return (
    <div className="sla-dashboard">
      <div className="stats-grid">
        <StatCard title="On Time" value={stats?.on_time} color="green" />
        <StatCard title="At Risk" value={stats?.at_risk} color="orange" />
        <StatCard title="Exceeded" value={stats?.exceeded} color="red" />
        <StatCard
          title="Compliance Rate"
          value={`${stats?.compliance_rate}%`}
          color={stats?.compliance_rate > 80 ? 'green' : 'red'}
        />
      </div>

      <div className="at-risk-tasks">
        <h3>Tasks At Risk</h3>
        {atRisk.map(task => (
          <TaskCard
            key={task.task_id}
            task={task}
            riskLevel={task.risk_level}
          />
        ))}
      </div>
    </div>
  );
};

export default SLADashboard;
