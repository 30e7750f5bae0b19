using System.Diagnostics;
using System.Globalization;
using Tessera.Conformance.Checks;
using Tessera.Conformance.Golden;
using Tessera.Conformance.Scan;

namespace Tessera.Host.Plugins.Kit;

/// <summary>
/// How much slower a plugin is in a load context that can be unloaded than in one that cannot: there, each access to a static field is a call, and no call is made direct by what was seen to run. The two take turns, and the least time of each
/// counts.
/// </summary>
internal static class KitTimes
{
    /// <summary>Above this ratio the plugin is warned: static fields and interface calls in inner loops cost more (measured: 1.4 to 4).</summary>
    private const double Slow = 1.3;

    /// <summary>Above this ratio it fails; far from any noise.</summary>
    private const double TooSlow = 3;

    private const int Rounds = 25, Pauses = 4, LeastCalls = 60;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(150), MostWarmUp = TimeSpan.FromSeconds(1), Sample = TimeSpan.FromMilliseconds(2);

    /// <summary>Times both. The context that cannot be unloaded stays for the life of the process.</summary>
    public static void Compare(VerifiedPackage package, BoundOptions options, GoldenFolder golden, KitReport report)
    {
        PluginGeneration unloadable = PluginKit.Activate(package, options), fixedOne = PluginKit.Activate(package, options, unloadable: false);
        using (PluginLease first = unloadable.Acquire(), second = fixedOne.Acquire())
        {
            PluginWork[] works = [.. PluginWork.Of(first.Contracts.Parts(unloadable.Provides), golden)], twins = [.. PluginWork.Of(second.Contracts.Parts(fixedOne.Provides), golden)];
            if (works.Length == 0)
                report.Done("time", "nothing of it can be timed without a model");
            int[] calls = WarmUp(works, twins);
            for (int i = 0; i < works.Length; i++)
            {
                (double ratio, double time) = Ratio(works[i], twins[i], calls[i]);
                report.Done("time", string.Create(CultureInfo.InvariantCulture, $"{ratio:f2} of that in a context that cannot be unloaded ({time * 1e6:f1} µs): {works[i].Title}"));
                if (ratio > Slow)
                    report.Add(new ScanFinding("time", ratio > TooSlow ? FindingLevel.Error : FindingLevel.Warning, string.Create(CultureInfo.InvariantCulture, $"{works[i].Title} takes {ratio:f2} times as long"),
                        "Keep static fields and interface, virtual and delegate calls out of inner loops: take tables from instance fields, constants or ReadOnlySpan<byte> data"));
            }
            foreach (PluginWork work in works.Concat(twins))
                work.Dispose();
        }
        unloadable.Retire();
        fixedOne.Retire();
    }

    private static (double Ratio, double Seconds) Ratio(PluginWork work, PluginWork twin, int times)
    {
        double least = double.MaxValue, twinLeast = double.MaxValue;
        for (int i = 0; i < Rounds; i++)
        {
            least = Math.Min(least, Time(work, times));
            twinLeast = Math.Min(twinLeast, Time(twin, times));
        }
        return (least / twinLeast, least);
    }

    /// <summary>Runs all until the compiler has done its best, and says how many calls of each a sample takes. It compiles anew after 30 calls, in the background, once nothing new has run for a while: hence the pauses.</summary>
    private static int[] WarmUp(PluginWork[] works, PluginWork[] twins)
    {
        using ManualResetEventSlim never = new();
        double[] least = [.. works.Select(_ => double.MaxValue)];
        for (int pause = 0; works.Length > 0 && pause < Pauses; pause++)
        {
            for (int i = 0; i < works.Length; i++)
                least[i] = Math.Min(least[i], Math.Min(Least(works[i]), Least(twins[i])));
            never.Wait(Pause);
        }
        return [.. least.Select(l => Math.Max(1, (int)(Sample.TotalSeconds / l)))];
    }

    private static double Least(PluginWork work)
    {
        double least = double.MaxValue;
        long start = Stopwatch.GetTimestamp();
        for (int calls = 0; calls < LeastCalls && Stopwatch.GetElapsedTime(start) < MostWarmUp; calls++)
            least = Math.Min(least, Time(work, 1));
        return least;
    }

    private static double Time(PluginWork work, int calls)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < calls; i++)
            work.Run();
        return Stopwatch.GetElapsedTime(start).TotalSeconds / calls;
    }
}
