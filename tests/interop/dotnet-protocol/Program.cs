// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// Reads a file of vectors and writes it again with the outcomes that ASP.NET Core's protocol classes have.
using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

static string Unescape(string text, out byte[] bytes)
{
    var result = new List<byte>();
    for (var i = 0; i < text.Length; i++)
    {
        if (text[i] != '\\')
        {
            result.AddRange(Encoding.UTF8.GetBytes(text[i].ToString()));
            continue;
        }
        i++;
        switch (text[i])
        {
            case 'n': result.Add((byte)'\n'); break;
            case 'r': result.Add((byte)'\r'); break;
            case 't': result.Add((byte)'\t'); break;
            case '\\': result.Add((byte)'\\'); break;
            default: result.Add((byte)Convert.ToInt32(text.Substring(i, 3), 8)); i += 2; break;
        }
    }
    bytes = result.ToArray();
    return text;
}

// Only what would break the line: the outcome of the C side is escaped the same way.
static string Escape(string text) =>
    text.Replace("\\", "\\\\").Replace("\n", "\\n").Replace("\r", "\\r").Replace("\t", "\\t").Replace("\0", "\\000");

static string Quote(string text)
{
    var result = new StringBuilder("\"");
    foreach (var c in text)
        result.Append(c switch
        {
            '"' => "\\\"", '\\' => "\\\\", '\b' => "\\b", '\t' => "\\t", '\n' => "\\n", '\f' => "\\f", '\r' => "\\r",
            < ' ' => "\\u" + ((int)c).ToString("X4"), _ => c.ToString(),
        });
    return result.Append('"').ToString();
}

static string Value(object? value) => value switch
{
    null => "null",
    string s => Quote(s),
    bool b => b ? "true" : "false",
    byte[] b => Quote(Convert.ToBase64String(b)),
    double d => d.ToString("R", CultureInfo.InvariantCulture),
    List<int> l => "[" + string.Join(",", l) + "]",
    Dictionary<string, int> m => "{" + string.Join(",", m.Select(e => Quote(e.Key) + ":" + e.Value)) + "}",
    JsonElement e => e.GetRawText(),
    DateTime t => Quote(t.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture) + Fraction(t) + "Z"),
    object[] a => "[" + string.Join(",", a.Select(Value)) + "]",
    Dictionary<object, object> m => "{" + string.Join(",", m.Select(e => Quote(e.Key.ToString()!) + ":" + Value(e.Value))) + "}",
    float f => ((double)f).ToString("R", CultureInfo.InvariantCulture),
    IFormattable n => n.ToString(null, CultureInfo.InvariantCulture),
    _ => value.GetType().Name,
};

static string Fraction(DateTime time) =>
    time.Ticks % TimeSpan.TicksPerSecond == 0 ? "" : time.ToString(".fffffff", CultureInfo.InvariantCulture) + "00";

static string Text(string? text) => text == null ? "-" : Quote(text);

static string Failure(Exception error) => error.GetType().Name + ": " + error.Message;

static string Outcome(HubMessage? message) => message switch
{
    null => "ignored",
    InvocationBindingFailureMessage m => $"binding {Text(m.InvocationId)} {Text(m.Target)} {Failure(m.BindingFailure.SourceException)}",
    StreamBindingFailureMessage m => $"binding-item {Text(m.Id)} {Failure(m.BindingFailure.SourceException)}",
    InvocationMessage m => $"1 {Text(m.InvocationId)} {Text(m.Target)} [{string.Join(",", m.Arguments.Select(Value))}] {Streams(m.StreamIds)}",
    StreamInvocationMessage m => $"4 {Text(m.InvocationId)} {Text(m.Target)} [{string.Join(",", m.Arguments.Select(Value))}] {Streams(m.StreamIds)}",
    StreamItemMessage m => $"2 {Text(m.InvocationId)} {Value(m.Item)}",
    CompletionMessage m => $"3 {Text(m.InvocationId)} {Text(m.Error)} {(m.HasResult ? Value(m.Result) : "-")}",
    CancelInvocationMessage m => $"5 {Text(m.InvocationId)}",
    PingMessage => "6",
    CloseMessage m => $"7 {Text(m.Error)} {(m.AllowReconnect ? "reconnect" : "-")}",
    AckMessage m => $"8 {m.SequenceId}",
    SequenceMessage m => $"9 {m.SequenceId}",
    _ => message.GetType().Name,
};

static string Streams(string[]? ids) => "[" + string.Join(",", (ids ?? []).Select(Quote)) + "]";

static string Run(string section, byte[] input)
{
    var framed = new ReadOnlySequence<byte>([.. input, 0x1e]);
    try
    {
        switch (section)
        {
            case "request":
                if (!HandshakeProtocol.TryParseRequestMessage(ref framed, out var request))
                    return "incomplete";
                return $"request {Text(request.Protocol)} {request.Version}";
            case "response":
                if (!HandshakeProtocol.TryParseResponseMessage(ref framed, out var response))
                    return "incomplete";
                // What the official clients do with an empty text.
                return string.IsNullOrEmpty(response.Error) ? "response" : $"response {Text(response.Error)}";
#if MESSAGEPACK
            case "messagepack":
                framed = new ReadOnlySequence<byte>(Prefixed(Convert.FromHexString(Encoding.ASCII.GetString(input).Replace(" ", ""))));
                return new MessagePackHubProtocol().TryParseMessage(ref framed, new Binder(), out var packed) ? Outcome(packed) : "incomplete";
#endif
            default:
                return new JsonHubProtocol().TryParseMessage(ref framed, new Binder(), out var message) ? Outcome(message) : "incomplete";
        }
    }
    catch (Exception error)
    {
        return "error " + Failure(error);
    }
}

#if MESSAGEPACK
static byte[] Prefixed(byte[] body)
{
    var prefix = new List<byte>();
    var length = body.Length;
    for (; length >= 0x80; length >>= 7)
        prefix.Add((byte)(0x80 | length & 0x7f));
    return [.. prefix, (byte)length, .. body];
}
#endif

var section = "message";
Console.OutputEncoding = new UTF8Encoding(false);
foreach (var line in File.ReadLines(args[0], Encoding.UTF8))
{
    if (line.StartsWith("< "))
        continue;
    Console.Out.Write(line + "\n");
    if (line.StartsWith("@ "))
        section = line[2..];
    else if (line.StartsWith("> "))
    {
        Unescape(line[2..], out var input);
        Console.Out.Write("< " + Escape(Run(section, input)) + "\n");
    }
}

class Binder : IInvocationBinder
{
    public Type GetReturnType(string invocationId) => typeof(object);
    public Type GetStreamItemType(string streamId) =>
        streamId == "" ? throw new KeyNotFoundException("No stream with id '' could be found.") : typeof(object);
    public IReadOnlyList<Type> GetParameterTypes(string methodName) => methodName switch
    {
        "S" => [typeof(string)],
        "SS" => [typeof(string), typeof(string)],
        "I" => [typeof(int)],
        "X" => [typeof(long)],
        "Y" => [typeof(byte)],
        "D" => [typeof(double)],
        "T" => [typeof(bool)],
        "B" => [typeof(byte[])],
        "L" => [typeof(List<int>)],
        "M" => [typeof(Dictionary<string, int>)],
        "A" => [typeof(object)],
        "N" => [],
        _ => throw new HubException("Method does not exist."),
    };
}
