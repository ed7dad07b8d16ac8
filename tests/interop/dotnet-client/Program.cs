// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// The .NET client against diff-server, whose port is the argument; reports in TAP.
using DotnetClient;
using Microsoft.AspNetCore.Http.Connections;

int port = int.Parse(args[0]);
var kinds = new List<Kind>
{
    new("WebSocket, JSON", HttpTransportType.WebSockets, false),
    new("WebSocket, MessagePack", HttpTransportType.WebSockets, true),
    new("Server-Sent Events, JSON", HttpTransportType.ServerSentEvents, false),
    new("long polling, JSON", HttpTransportType.LongPolling, false),
    new("long polling, MessagePack", HttpTransportType.LongPolling, true),
};
var rows = kinds.SelectMany(kind => Cases.All
    .Where(row => row.Name != "stateful reconnect" || kind.Transport == HttpTransportType.WebSockets)
    .Select(row => (Name: $"{kind.Name}: {row.Name}", Body: (Func<Task>)(() => row.Body(new Site(port, kind)))))).ToList();
bool failed = false;

Console.WriteLine($"1..{rows.Count}");
for (int index = 0; index < rows.Count; index++)
{
    try
    {
        await rows[index].Body().WaitAsync(TimeSpan.FromSeconds(60));
        Console.WriteLine($"ok {index + 1} {rows[index].Name}");
    }
    catch (Exception error)
    {
        failed = true;
        Console.WriteLine("# " + error.ToString().ReplaceLineEndings("\n# "));
        Console.WriteLine($"not ok {index + 1} {rows[index].Name}");
    }
}
return failed ? 1 : 0;
