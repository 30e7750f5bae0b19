using Microsoft.Extensions.DependencyInjection;
using Tessera.Conformance.Checks;
using Tessera.Conformance.Golden;
using Tessera.Conformance.Scan;

// The kit's checks without a host: for a debugger, or for the plugin's own tests.
ServiceCollection services = new();
new Quant.Sample.Plugin().Configure(services, new Dictionary<string, string>());
using ServiceProvider provider = services.BuildServiceProvider();

int wrong = 0;
foreach (PluginCheck check in PluginCheck.Of(PluginParts.From(provider), GoldenFolder.Read(AppContext.BaseDirectory)))
{
    string? problem = check.Problem();
    Console.WriteLine($"{check.Title}: {problem ?? "ok"}");
    wrong += problem is null ? 0 : 1;
}
foreach (ScanFinding finding in LeakScan.Scan(typeof(Quant.Sample.Plugin).Assembly.Location, own: true))
{
    Console.WriteLine(finding);
    wrong += finding.Level == FindingLevel.Error ? 1 : 0;
}
return wrong;
