namespace Tessera.Host.Serving;

/// <summary>Tells a content that has changed and stayed so for a while from one that is still being written, and from the same content again.</summary>
/// <param name="known">The content at the beginning; null: there is none.</param>
/// <param name="settle">How long it must have stayed as it is.</param>
internal sealed class SettledContent(string? known, TimeSpan settle)
{
    private string? _known = known, _seen = known;
    private TimeSpan _since;

    /// <summary>Whether the last content that was seen counts already.</summary>
    public bool IsSettled => _seen == _known;

    /// <summary>Whether there is another content than the last one that counted; that one counts from now on.</summary>
    /// <param name="now">The content; null: it cannot be read now.</param>
    /// <param name="time">The time since the beginning.</param>
    public bool HasChanged(string? now, TimeSpan time)
    {
        if (now != _seen)
            (_seen, _since) = (now, time);
        if (now is null || now == _known || time - _since < settle)
            return false;
        _known = now;
        return true;
    }
}
