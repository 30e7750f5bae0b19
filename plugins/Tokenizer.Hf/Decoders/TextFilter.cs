namespace Tessera.Tokenizer.Hf.Decoders;

/// <summary>What a decoder does to the whole text, as it comes. It has state: one for each stream.</summary>
internal abstract class TextFilter
{
    /// <summary>The most bytes that are held back.</summary>
    public abstract int MostHeld { get; }

    /// <summary>How many bytes one byte may become.</summary>
    public abstract int Growth { get; }

    /// <summary>Takes bytes and appends what is certain.</summary>
    public abstract void Push(ReadOnlySpan<byte> bytes, ByteBuffer result);

    /// <summary>Appends what is left at the end and starts anew.</summary>
    public abstract void Finish(ByteBuffer result);
}

/// <summary>One text for another, across pushes: the part of the old text that has been seen is held back.</summary>
internal sealed class ReplaceInText(byte[] old, byte[] content) : TextFilter
{
    private readonly int[] _fallback = Fallbacks(old);
    private int _seen;

    public override int MostHeld => old.Length;

    public override int Growth => 1 + content.Length;

    public override void Push(ReadOnlySpan<byte> bytes, ByteBuffer result)
    {
        foreach (byte value in bytes)
        {
            while (_seen > 0 && old[_seen] != value)
            {
                int shorter = _fallback[_seen - 1];
                result.Add(old.AsSpan(0, _seen - shorter));
                _seen = shorter;
            }
            if (old[_seen] != value)
                result.Add(value);
            else if (++_seen == old.Length)
            {
                result.Add(content);
                _seen = 0;
            }
        }
    }

    public override void Finish(ByteBuffer result)
    {
        result.Add(old.AsSpan(0, _seen));
        _seen = 0;
    }

    // For each length of what has been seen: the longest shorter start of the text that it ends with.
    private static int[] Fallbacks(byte[] text)
    {
        int[] lengths = new int[text.Length];
        for (int i = 1, length = 0; i < text.Length; i++)
        {
            while (length > 0 && text[i] != text[length])
                length = lengths[length - 1];
            if (text[i] == text[length])
                length++;
            lengths[i] = length;
        }
        return lengths;
    }
}

/// <summary>So many of one character at the text's start and end go.</summary>
internal sealed class StripText(byte[] content, int start, int stop) : TextFilter
{
    private int _dropped;
    private int _held;
    private int _seen;
    private bool _begun;

    public override int MostHeld => content.Length * (stop + 1);

    public override int Growth => 1;

    public override void Push(ReadOnlySpan<byte> bytes, ByteBuffer result)
    {
        foreach (byte value in bytes)
        {
            // A character's first byte is in none of its others.
            if (value == content[_seen])
            {
                if (++_seen == content.Length)
                    Complete(result);
                continue;
            }
            Flush(result);
            if (value == content[0])
                _seen = 1;
            else
                result.Add(value);
        }
    }

    public override void Finish(ByteBuffer result)
    {
        result.Add(content.AsSpan(0, _seen));
        (_dropped, _held, _seen, _begun) = (0, 0, 0, false);
    }

    private void Complete(ByteBuffer result)
    {
        _seen = 0;
        if (!_begun && _dropped < start)
        {
            _dropped++;
            return;
        }
        _begun = true;
        if (_held == stop)
            result.Add(content);
        else
            _held++;
    }

    private void Flush(ByteBuffer result)
    {
        _begun = true;
        for (; _held > 0; _held--)
            result.Add(content);
        result.Add(content.AsSpan(0, _seen));
        _seen = 0;
    }
}
