// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// The methods of diff-hub.c, diff-groups.c and diff-streams.c.
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.SignalR;

namespace DiffAspnet;

/// <summary>The hub; settings belong to a class, so each set of settings has its own.</summary>
public class DiffHub : Hub
{
    private static readonly ConcurrentDictionary<string, bool> Known = new();

    public override Task OnConnectedAsync()
    {
        Known[Context.ConnectionId] = true;
        return base.OnConnectedAsync();
    }

    public override Task OnDisconnectedAsync(Exception? exception)
    {
        Known.TryRemove(Context.ConnectionId, out _);
        return base.OnDisconnectedAsync(exception);
    }

    public bool Knows(string id) => Known.ContainsKey(id);

    public string EchoString(string value) => value;

    public bool EchoBool(bool value) => value;

    public byte EchoByte(byte value) => value;

    public short EchoShort(short value) => value;

    public ushort EchoUShort(ushort value) => value;

    public int EchoInt(int value) => value;

    public uint EchoUInt(uint value) => value;

    public long EchoLong(long value) => value;

    public ulong EchoULong(ulong value) => value;

    public double EchoDouble(double value) => value;

    public byte[] EchoBytes(byte[] value) => value;

    public int[] EchoInts(int[] value) => value;

    public string[] EchoStrings(string[] value) => value;

    public Dictionary<string, int> EchoMap(Dictionary<string, int> value) => value;

    public int? EchoMaybe(int? value) => value;

    public object EchoAny(object value) => value;

    public string Two(string first, int second) => $"{first} {second}";

    public void Nothing()
    {
    }

    public string Big(int length) => new('x', Math.Max(length, 0));

    public void Fail(string text) => throw new HubException(text);

    public async Task<string> Unanswered()
    {
        await Task.Delay(Timeout.Infinite, Context.ConnectionAborted);
        return "";
    }

    public string ConnectionId() => Context.ConnectionId;

    public string UserId() => Context.UserIdentifier ?? "nobody";

    public void End() => Context.Abort();

    public Task<string> Ask(string id, string question) =>
        Clients.Client(id.Length > 0 ? id : Context.ConnectionId).InvokeAsync<string>("Question", question, default);

    private static Exception MakeException(string kind) => kind switch
    {
        "argument" => new ArgumentException("kept"),
        "cancelled" => new OperationCanceledException("kept"),
        "data" => new InvalidDataException("kept"),
        "hub" => new HubException("shown"),
        "permission" => new UnauthorizedAccessException("kept"),
        "timeout" => new TimeoutException("kept"),
        "unsupported" => new NotSupportedException("kept"),
        "io" => new IOException("kept"),
        _ => new Exception("kept"),
    };

    public void Break(string kind) => throw MakeException(kind);

    public async IAsyncEnumerable<int> CountAndBreak(string kind)
    {
        yield return 1;
        await Task.CompletedTask;
        throw MakeException(kind);
    }

    [Authorize(Policy = "Nobody")]
    public void Secret()
    {
    }

    public Task Join(string group) => Groups.AddToGroupAsync(Context.ConnectionId, group);

    public Task Leave(string group) => Groups.RemoveFromGroupAsync(Context.ConnectionId, group);

    public Task JoinOther(string id, string group) => Groups.AddToGroupAsync(id, group);

    public Task ToCaller(string text) => Clients.Caller.SendAsync("Event", text);

    public Task ToClient(string id, string text) => Clients.Client(id).SendAsync("Event", text);

    public Task ToClients(string[] ids, string text) => Clients.Clients(ids).SendAsync("Event", text);

    public Task ToGroup(string group, string text) => Clients.Group(group).SendAsync("Event", text);

    public Task ToGroups(string[] groups, string text) => Clients.Groups(groups).SendAsync("Event", text);

    public Task ToGroupExcept(string group, string id, string text) =>
        Clients.GroupExcept(group, id).SendAsync("Event", text);

    public Task ToOthersInGroup(string group, string text) => Clients.OthersInGroup(group).SendAsync("Event", text);

    public Task ToUser(string user, string text) => Clients.User(user).SendAsync("Event", text);

    public Task ToUsers(string[] users, string text) => Clients.Users(users).SendAsync("Event", text);

    public async IAsyncEnumerable<int> Count(int count)
    {
        for (int i = 0; i < count; i++)
        {
            yield return i;
        }
        await Task.CompletedTask;
    }

    public async IAsyncEnumerable<int> CountAndFail()
    {
        for (int i = 0; i < 3; i++)
        {
            yield return i;
        }
        await Task.CompletedTask;
        throw new HubException("torn");
    }

    public async IAsyncEnumerable<string> Hold([EnumeratorCancellation] CancellationToken cancelled)
    {
        yield return "held";
        await Task.Delay(Timeout.Infinite, cancelled);
    }

    public async Task<string> Collect(ChannelReader<int> numbers)
    {
        var text = new StringBuilder();
        await foreach (int number in numbers.ReadAllAsync())
        {
            text.Append(number).Append(' ');
        }
        return text.ToString();
    }

    public async Task<string> CollectTwo(string unused, ChannelReader<int> numbers, ChannelReader<string> words)
    {
        var text = new StringBuilder(await Collect(numbers)).Append("| ");
        await foreach (string word in words.ReadAllAsync())
        {
            text.Append(word).Append(' ');
        }
        return text.ToString();
    }

    public async IAsyncEnumerable<string> Mirror(IAsyncEnumerable<string> words)
    {
        await foreach (string word in words)
        {
            yield return word;
        }
    }
}

public sealed class DetailedHub : DiffHub;

public sealed class ShortHub : DiffHub;

public sealed class LimitHub : DiffHub;

public sealed class ParallelHub : DiffHub;
