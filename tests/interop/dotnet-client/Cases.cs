// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// What is done over each transport and protocol.
using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.AspNetCore.SignalR.Client;

namespace DotnetClient;

internal static class Cases
{
    public static readonly (string Name, Func<Site, Task> Body)[] All =
    [
        ("numbers", Numbers), ("texts", Texts), ("structures", Structures), ("errors", Errors), ("streams", Streams), ("uploads", Uploads),
        ("client results", Results), ("groups", Groups), ("users", Users), ("redirects", Redirects), ("reconnect", Reconnect), ("stateful reconnect", Stateful),
    ];

    private static async Task Echo<T>(HubConnection client, string method, params T[] values)
    {
        foreach (T value in values)
        {
            Expect.Equal(value, await client.InvokeAsync<T>(method, value));
        }
    }

    private static async Task Numbers(Site site)
    {
        await using HubConnection client = await site.StartAsync();
        await Echo<byte>(client, "EchoByte", 0, 127, 128, 255);
        await Echo<short>(client, "EchoShort", short.MinValue, -129, -1, 0, short.MaxValue);
        await Echo<ushort>(client, "EchoUShort", 0, ushort.MaxValue);
        await Echo(client, "EchoInt", int.MinValue, -32769, -33, 0, 127, 128, 65536, int.MaxValue);
        await Echo<uint>(client, "EchoUInt", 0, uint.MaxValue);
        await Echo<long>(client, "EchoLong", long.MinValue, -1, 0, (1L << 53) + 1, long.MaxValue);
        await Echo<ulong>(client, "EchoULong", 0, ulong.MaxValue);
        await Echo(client, "EchoDouble", 0.0, 0.1, -1e-7, 1e21, double.Epsilon, double.MaxValue, double.MinValue, 9007199254740994.0);
        await Echo(client, "EchoBool", true, false);
        await Echo<int?>(client, "EchoMaybe", 0, 7, null);
        foreach (object value in new object[] { 1L << 31, 1.5, "1" })
        {
            await Expect.FailsAsync(() => client.InvokeAsync<int>("EchoInt", value), "Failed to invoke 'EchoInt'");
        }
        if (site.Kind.Binary)
        {
            await Echo(client, "EchoDouble", double.NaN, double.PositiveInfinity, double.NegativeInfinity);
        }
    }

    private static async Task Texts(Site site)
    {
        await using HubConnection client = await site.StartAsync();
        await Echo(client, "EchoString", "", "a", "Grüße", "世界", "\U0001f680\U0010ffff", "\u0001\u001e\u001f\u007f\u0085\u2028\ufeff", "\"\\/<>&'", "\r\n\t",
            new string('x', 30000));
        Expect.Equal<string?>(null, await client.InvokeAsync<string?>("EchoString", null));
        // A lone surrogate is no text; .NET's encoders write U+FFFD for it.
        Expect.Equal("a\ufffdb", await client.InvokeAsync<string>("EchoString", "a\ud800b"));
    }

    private static async Task Structures(Site site)
    {
        await using HubConnection client = await site.StartAsync();
        Expect.Sequence([1, -2, int.MaxValue], await client.InvokeAsync<int[]>("EchoInts", new[] { 1, -2, int.MaxValue }));
        Expect.Sequence(["a", "", "ß"], await client.InvokeAsync<string[]>("EchoStrings", (object)new[] { "a", "", "ß" }));
        Expect.Sequence<byte>([0, 30, 255], await client.InvokeAsync<byte[]>("EchoBytes", new byte[] { 0, 30, 255 }));
        var map = new Dictionary<string, int> { ["b"] = 1, ["a"] = 2 };
        Expect.Sequence(map, await client.InvokeAsync<Dictionary<string, int>>("EchoMap", map));
        var tree = new Dictionary<string, Dictionary<string, List<int>>> { ["x"] = new() { ["y"] = [1, 2, 3], ["Z"] = [] } };
        var back = await client.InvokeAsync<Dictionary<string, Dictionary<string, List<int>>>>("EchoAny", tree);
        Expect.Sequence([1, 2, 3], back["x"]["y"]);
        Expect.Equal(0, back["x"]["Z"].Count);
        await client.InvokeAsync("Nothing");
        Expect.Equal("x 5", await client.InvokeAsync<string>("two", "x", 5));
    }

    private static async Task Errors(Site site)
    {
        await using HubConnection client = await site.StartAsync();
        await using HubConnection detailed = await site.StartAsync("/detailed");
        await Expect.FailsAsync(() => client.InvokeAsync("Fail", "no luck"), "An unexpected error occurred invoking 'Fail' on the server. HubException: no luck");
        await Expect.FailsAsync(() => client.InvokeAsync("NoSuch"), "HubException: Method does not exist.");
        await Expect.FailsAsync(() => client.InvokeAsync("Secret"), "Failed to invoke 'Secret' because user is unauthorized");
        await Expect.FailsAsync(() => detailed.InvokeAsync("Two", "x"), "Invocation provides 1 argument(s) but target expects 2.");
    }

    private static async Task<List<T>> Collect<T>(IAsyncEnumerable<T> stream)
    {
        var items = new List<T>();
        await foreach (T item in stream)
        {
            items.Add(item);
        }
        return items;
    }

    private static async Task Streams(Site site)
    {
        await using HubConnection client = await site.StartAsync();
        Expect.Sequence(Enumerable.Range(0, 200), await Collect(client.StreamAsync<int>("Count", 200)));
        Expect.Equal(0, (await Collect(client.StreamAsync<int>("Count", 0))).Count);
        await Expect.FailsAsync(() => Collect(client.StreamAsync<int>("CountAndFail")), "An error occurred on the server while streaming results. HubException: torn");
        using var cancel = new CancellationTokenSource();
        try
        {
            await foreach (string item in client.StreamAsync<string>("Hold", cancel.Token))
            {
                Expect.Equal("held", item);
                cancel.Cancel();
            }
        }
        catch (OperationCanceledException)
        {
        }
        Expect.Equal(1, await client.InvokeAsync<int>("EchoInt", 1));
    }

    private static async Task Uploads(Site site)
    {
        await using HubConnection client = await site.StartAsync();
        Channel<int> numbers = Channel.CreateUnbounded<int>();
        Task<string> collected = client.InvokeAsync<string>("Collect", numbers.Reader);
        for (int i = 0; i < 100; i++)
        {
            numbers.Writer.TryWrite(i);
        }
        numbers.Writer.Complete();
        Expect.Equal(string.Concat(Enumerable.Range(0, 100).Select(i => $"{i} ")), await collected);

        Channel<int> torn = Channel.CreateUnbounded<int>();
        torn.Writer.Complete(new InvalidOperationException("torn"));
        await Expect.FailsAsync(() => client.InvokeAsync<string>("Collect", torn.Reader), "torn");

        Channel<string> words = Channel.CreateUnbounded<string>();
        foreach (string word in new[] { "a", "ä", "\U0001f680" })
        {
            words.Writer.TryWrite(word);
        }
        words.Writer.Complete();
        Expect.Sequence(["a", "ä", "\U0001f680"], await Collect(client.StreamAsync<string>("Mirror", words.Reader)));
    }

    private static async Task Results(Site site)
    {
        await using HubConnection asker = await site.StartAsync();
        await using HubConnection asked = site.Build();
        asked.On<string, string>("Question", text => text == "fail" ? throw new InvalidOperationException("I do not know") : $"{text}!");
        await asked.StartAsync();
        Expect.Equal("who!", await asker.InvokeAsync<string>("Ask", asked.ConnectionId, "who"));
        Expect.Equal("me!", await asked.InvokeAsync<string>("Ask", "", "me"));
        await Expect.FailsAsync(() => asker.InvokeAsync<string>("Ask", asked.ConnectionId, "fail"), "I do not know");
        await Expect.FailsAsync(() => asked.InvokeAsync<string>("Ask", asker.ConnectionId, "who"), "Client failed to parse argument(s).");
        await Expect.FailsAsync(() => asker.InvokeAsync<string>("Ask", "nobody", "who"), "An unexpected error occurred invoking 'Ask' on the server.");
    }

    private static ChannelReader<string> Events(HubConnection client)
    {
        Channel<string> events = Channel.CreateUnbounded<string>();
        client.On<string>("Event", text => events.Writer.TryWrite(text));
        return events.Reader;
    }

    private static async Task Hear(ChannelReader<string> events, params string[] expected)
    {
        foreach (string text in expected)
        {
            Expect.Equal(text, await events.ReadAsync());
        }
    }

    private static async Task Groups(Site site)
    {
        await using HubConnection a = await site.StartAsync(), b = await site.StartAsync(), c = await site.StartAsync();
        ChannelReader<string> ofA = Events(a), ofB = Events(b);
        string group = $"group of {a.ConnectionId}";
        await Task.WhenAll(a.InvokeAsync("Join", group), b.InvokeAsync("Join", group));
        await c.InvokeAsync("ToGroup", group, "both");
        await a.InvokeAsync("ToOthersInGroup", group, "other");
        await b.InvokeAsync("Leave", group);
        await c.InvokeAsync("ToGroup", group, "alone");
        await c.SendAsync("ToClient", b.ConnectionId, "end");
        await Hear(ofA, "both", "alone");
        await Hear(ofB, "both", "other", "end");
    }

    private static async Task Users(Site site)
    {
        await using HubConnection first = await site.StartAsync("/auth", "anna"), other = await site.StartAsync("/auth", "otto");
        ChannelReader<string> events = Events(first);
        Expect.Equal("anna", await first.InvokeAsync<string>("UserId"));
        await other.InvokeAsync("ToUser", "anna", "hello");
        await Hear(events, "hello");
        await Expect.FailsAsync(() => site.StartAsync("/auth"), "401");
        await Expect.FailsAsync(() => site.StartAsync("/auth", "forbidden"), "403");
    }

    private static async Task Redirects(Site site)
    {
        foreach ((string path, string user) in new[] { ("/redirect", "redirected"), ("/redirect-as-is", "emma") })
        {
            await using HubConnection client = await site.StartAsync(path, "emma");
            Expect.Equal(user, await client.InvokeAsync<string>("UserId"));
        }
        await using HubConnection lost = site.Build("/redirect-loop");
        await Expect.FailsAsync(() => lost.StartAsync(), "Negotiate redirection limit exceeded.");
    }

    private static async Task Reconnect(Site site)
    {
        using var relay = new Relay(site.Port);
        await using HubConnection client = site.Build(root: relay.Url, configure: builder => builder.WithAutomaticReconnect(
            [TimeSpan.Zero, TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(5)]));
        var reconnected = new TaskCompletionSource<string?>();
        client.Reconnected += id =>
        {
            reconnected.TrySetResult(id);
            return Task.CompletedTask;
        };
        await client.StartAsync();
        string? before = client.ConnectionId;
        await Echo(client, "EchoInt", 1);
        relay.Cut();
        if (await reconnected.Task == before)
        {
            throw new InvalidOperationException("the id is the same");
        }
        await Echo(client, "EchoInt", 2);
    }

    /* The socket is cut under traffic: nothing is lost, nothing comes twice, all in order. */
    private static async Task Stateful(Site site)
    {
        using var relay = new Relay(site.Port);
        await using HubConnection client = site.Build("/stateful", relay.Url, configure: builder => builder.WithStatefulReconnect());
        ChannelReader<string> events = Events(client);
        await client.StartAsync();
        string? id = client.ConnectionId;
        for (int round = 0; round < 5; round++)
        {
            List<Task<int>> calls = Enumerable.Range(0, 50).Select(i => client.InvokeAsync<int>("EchoInt", (round * 50) + i)).ToList();
            await client.SendAsync("ToCaller", $"round {round}");
            relay.Cut();
            Expect.Sequence(Enumerable.Range(round * 50, 50), await Task.WhenAll(calls));
            await Hear(events, $"round {round}");
        }
        Expect.Equal(id, client.ConnectionId);
        Expect.Equal(false, events.TryRead(out _));
    }
}
