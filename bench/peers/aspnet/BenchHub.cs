// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// The methods that the load generator calls, as bench-server.c has them.
using Microsoft.AspNetCore.SignalR;

namespace BenchAspnet;

public sealed class BenchHub : Hub
{
    public string Echo(string text) => text;

    public Task Broadcast(string text) => Clients.All.SendAsync("Broadcast", text);

    public Task Join(string group) => Groups.AddToGroupAsync(Context.ConnectionId, group);

    public Task ToGroup(string group, string text) => Clients.Group(group).SendAsync("Broadcast", text);

    public async IAsyncEnumerable<int> Counter(int count)
    {
        for (int i = 0; i < count; i++)
        {
            yield return i;
        }
        await Task.CompletedTask;
    }
}
