namespace Tessera.Conformance.Ledger;

/// <summary>A row saw something else than its own prefix, or a runtime was used against its contract.</summary>
public sealed class LedgerException(string message) : TesseraException(message);
