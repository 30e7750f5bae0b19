using System.Globalization;
using System.Runtime.Loader;
using Microsoft.Extensions.DependencyInjection;

namespace Tessera.Test.Relay;

/// <summary>A whole small model stack whose kernels are honest, so that it passes every canary, and that misbehaves where its options say.</summary>
public sealed class TestRelayPlugin : IPlugin
{
    /// <summary>Throws, where the package is built to: options are not known yet.</summary>
    public TestRelayPlugin()
    {
        if (File.Exists(Path.Combine(Path.GetDirectoryName(typeof(TestRelayPlugin).Assembly.Location)!, "throw-in-constructor")))
            throw new RelayException("no entry");
    }

    /// <inheritdoc/>
    public void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options)
    {
        Habits habits = new(options["fault"], Number(options, "step"), Number(options, "delay"), Number(options, "after"), Number(options, "mark"));
        if (habits.Fault == "configure")
            throw new RelayException("no configuration");
        habits.HangIf("hang-configure");
        if (habits.Fault == "leak")
            AppDomain.CurrentDomain.ProcessExit += OnExit;
        if (habits.Fault == "leak-context")
            AppContext.SetData("relay.context", AssemblyLoadContext.GetLoadContext(typeof(TestRelayPlugin).Assembly));
        services.AddSingleton<IWeightFormat, RelayFormat>();
        services.AddSingleton<IQuantization, RelayQuantization>();
        services.AddSingleton<IModelArchitecture>(new RelayArchitecture(habits.Step));
        services.AddSingleton<ITokenizerFactory>(new RelayTokenizerFactory(habits));
        services.AddSingleton<IKernelBackend>(_ => new RelayBackend(habits));
    }

    private static int Number(IReadOnlyDictionary<string, string> options, string name) => int.Parse(options[name], CultureInfo.InvariantCulture);

    private static void OnExit(object? sender, EventArgs e)
    {
    }
}

/// <summary>How the plugin behaves.</summary>
/// <param name="Fault">What it does wrong.</param>
/// <param name="Step">How far the next letter is.</param>
/// <param name="Delay">Milliseconds of a step.</param>
/// <param name="After">Steps before it misbehaves.</param>
/// <param name="Mark">What a test calls it that holds its steps.</param>
internal sealed record Habits(string Fault, int Step, int Delay, int After, int Mark)
{
    /// <summary>Says that it hangs, and does not come back before a test asks those with its mark back.</summary>
    public void HangIf(string fault)
    {
        if (Fault != fault)
            return;
        AppContext.SetData("relay.hangs", Fault);
        while (AppContext.GetData("relay.back") is not int mark || mark != Mark)
            Thread.CurrentThread.Join(50);
    }

    /// <summary>Waits while the versions with this mark are held, and says so.</summary>
    public void WaitWhileHeld(ManualResetEventSlim never)
    {
        while (AppContext.GetData("relay.hold") is int held && held == Mark)
        {
            AppContext.SetData("relay.held", held);
            never.Wait(2);
        }
    }
}

/// <summary>An exception type that only the plugin has.</summary>
public sealed class RelayException(string message) : Exception(message);
