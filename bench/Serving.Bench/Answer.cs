using System.Net.Sockets;
using System.Text;

namespace Tessera.Serving.Bench;

/// <summary>One streamed answer: its bytes as they come, and how many events they hold.</summary>
internal sealed class Answer : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp);
    private byte[] _bytes = new byte[1 << 18];
    private int _length, _seen;

    /// <summary>Sends a request for text.</summary>
    public Answer(Uri address, byte[] body)
    {
        _socket.Connect(address.Host, address.Port);
        _socket.Send(Encoding.ASCII.GetBytes($"POST /v1/completions HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n"));
        _socket.Send(body);
        _socket.Blocking = false;
    }

    /// <summary>Events that have come.</summary>
    public int Events { get; private set; }

    /// <summary>Nothing more comes.</summary>
    public bool Ended { get; private set; }

    /// <summary>All that has come.</summary>
    public string Text => Encoding.UTF8.GetString(_bytes, 0, _length);

    /// <summary>Whether it is an answer of about so many tokens.</summary>
    public bool IsWhole(int tokens) => _bytes.AsSpan().StartsWith("HTTP/1.1 200 "u8) && Events >= tokens / 2;

    /// <summary>Takes what is there; waits for nothing.</summary>
    public void Read()
    {
        while (!Ended)
        {
            if (_length == _bytes.Length)
                Array.Resize(ref _bytes, 2 * _bytes.Length);
            int read = _socket.Receive(_bytes.AsSpan(_length), SocketFlags.None, out SocketError error);
            if (error == SocketError.WouldBlock)
                return;
            if (error != SocketError.Success)
                throw new SocketException((int)error);
            _length += read;
            Count();
            Ended = read == 0 || _bytes.AsSpan(0, _length).EndsWith("\r\n0\r\n\r\n"u8);
            if (_length < _bytes.Length)
                return;
        }
    }

    public void Dispose() => _socket.Dispose();

    // A chunk begins a line, which no event's text can do.
    private void Count()
    {
        ReadOnlySpan<byte> mark = "\r\ndata: {"u8;
        for (int at; (at = _bytes.AsSpan(_seen, _length - _seen).IndexOf(mark)) >= 0; _seen += at + mark.Length)
            Events++;
        _seen = Math.Max(_seen, _length - mark.Length + 1);
    }
}
