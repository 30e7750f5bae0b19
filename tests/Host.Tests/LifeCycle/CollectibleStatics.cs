using System.Runtime.Loader;

namespace Tessera.Host.Tests.LifeCycle;

/// <summary>This assembly once more, in a load context that can be unloaded, with many types that have a static field and many that have one for each thread.</summary>
internal sealed class CollectibleStatics
{
    private readonly Action _fill, _touch;
    private readonly Func<int> _lost;

    public CollectibleStatics()
    {
        AssemblyLoadContext context = new("statics", isCollectible: true);
        Type probe = context.LoadFromAssemblyPath(typeof(CollectibleStatics).Assembly.Location).GetType(typeof(Probe).FullName!)!;
        (_fill, _touch, _lost) = (probe.GetMethod(nameof(Probe.Fill))!.CreateDelegate<Action>(), probe.GetMethod(nameof(Probe.Touch))!.CreateDelegate<Action>(), probe.GetMethod(nameof(Probe.Lost))!.CreateDelegate<Func<int>>());
        context.Unload();
        Context = new WeakReference(context);
    }

    /// <summary>The load context, which lives as long as its code can be called.</summary>
    public WeakReference Context { get; }

    /// <summary>Writes every static field.</summary>
    public void Fill() => _fill();

    /// <summary>Writes the calling thread's fields.</summary>
    public void Touch() => _touch();

    /// <summary>How many static fields have lost what was written.</summary>
    public int Lost() => _lost();

    /// <summary>What is loaded once more.</summary>
    public static class Probe
    {
        private const int Types = 60;

        public static void Fill() => Fill<object>(Types);

        public static void Touch() => Touch<object>(Types);

        public static int Lost() => Lost<object>(Types);

        private static void Fill<T>(int left)
        {
            Holder<T>.Value = [left];
            if (left > 0)
                Fill<List<T>>(left - 1);
        }

        private static void Touch<T>(int left)
        {
            PerThread<T>.Value = new object();
            if (left > 0)
                Touch<List<T>>(left - 1);
        }

        private static int Lost<T>(int left) =>
            (Holder<T>.Value is [int value] && value == left ? 0 : 1) + (left > 0 ? Lost<List<T>>(left - 1) : 0);
    }

    private static class Holder<T>
    {
        public static object[]? Value;
    }

    private static class PerThread<T>
    {
        [ThreadStatic]
        public static object? Value;
    }
}
