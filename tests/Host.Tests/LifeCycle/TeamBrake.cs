namespace Tessera.Host.Tests.LifeCycle;

/// <summary>Holds a host's threads, and lets the steps on the processor go on one by one: jobs are served in the order in which they came, and another hold waits behind the next one.</summary>
internal sealed class TeamBrake : IDisposable
{
    private readonly IWorkTeam _team;
    private Hold _hold;

    /// <summary>Waits until the job that runs now has ended; no other begins then.</summary>
    public TeamBrake(IWorkTeam team)
    {
        (_team, _hold) = (team, new Hold(team));
        _hold.WaitUntilHeld();
    }

    /// <summary>Lets the jobs end that wait now, of each model one.</summary>
    public void Step()
    {
        Hold next = new(_team);
        next.WaitUntilQueued();
        _hold.Dispose();
        _hold = next;
        _hold.WaitUntilHeld();
    }

    /// <summary>Lets everything go on.</summary>
    public void Dispose() => _hold.Dispose();

    private sealed class Hold : IWorkJob, IDisposable
    {
        private readonly ManualResetEventSlim _held = new(), _over = new();
        private readonly Thread _thread;

        public Hold(IWorkTeam team)
        {
            _thread = new Thread(() => team.Run(this)) { IsBackground = true };
            _thread.Start();
        }

        public void Execute(IWorkLane lane)
        {
            if (lane.Index != 0)
                return;
            _held.Set();
            _over.Wait();
        }

        // It sleeps once it has its place, which is not the first.
        public void WaitUntilQueued() => SpinWait.SpinUntil(() => (_thread.ThreadState & ThreadState.WaitSleepJoin) != 0);

        public void WaitUntilHeld() => _held.Wait();

        public void Dispose()
        {
            _over.Set();
            _thread.Join();
            _held.Dispose();
            _over.Dispose();
        }
    }
}
