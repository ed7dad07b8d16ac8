// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// What .NET's own codec and antiforgery cost in one process: nanoseconds of one operation.
using System.Buffers;
using System.Diagnostics;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace BenchAspnet;

public static class Measure
{
    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(200);
    private const int Rounds = 15;   // the first ones are slow, until the code is compiled again

    public static void Run(string what)
    {
        Action operation = what switch
        {
            "codec-json" => Echo(new JsonHubProtocol()),
            "codec-messagepack" => Echo(new MessagePackHubProtocol()),
            "token-issue" => Issue(),
            "token-validate" => Validate(),
            _ => throw new ArgumentException($"{what} is not measured"),
        };
        double best = double.MaxValue;
        for (int i = 0; i < Rounds; i++)
        {
            best = Math.Min(best, TimeOf(operation));
        }
        Console.WriteLine(FormattableString.Invariant($"{what}: {best:F1} ns"));
    }

    private static double TimeOf(Action operation)
    {
        long count = 0;
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < Round)
        {
            for (int i = 0; i < 100; i++)
            {
                operation();
            }
            count += 100;
        }
        return watch.Elapsed.TotalNanoseconds / count;
    }

    // Parses an Echo invocation and writes its completion, as guard-codec.c does.
    private static Action Echo(IHubProtocol protocol)
    {
        var input = protocol.GetMessageBytes(new InvocationMessage("12345", "Echo", [new string('x', 100)]));
        var output = new ArrayBufferWriter<byte>(4096);
        var binder = new EchoBinder();
        return () =>
        {
            var sequence = new ReadOnlySequence<byte>(input);
            if (!protocol.TryParseMessage(ref sequence, binder, out var message))
            {
                throw new InvalidOperationException("the invocation cannot be read");
            }
            var invocation = (InvocationMessage)message;
            output.ResetWrittenCount();
            protocol.WriteMessage(CompletionMessage.WithResult(invocation.InvocationId!, invocation.Arguments[0]), output);
        };
    }

    private sealed class EchoBinder : IInvocationBinder
    {
        private static readonly Type[] Parameters = [typeof(string)];

        public IReadOnlyList<Type> GetParameterTypes(string methodName) => Parameters;

        public Type GetReturnType(string invocationId) => typeof(string);

        public Type GetStreamItemType(string streamId) => typeof(string);
    }

    private static ServiceProvider TokenServices()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IDataProtectionProvider>(new EphemeralDataProtectionProvider());
        services.AddAntiforgery(options => options.HeaderName = "X-CSRF-TOKEN");
        return services.BuildServiceProvider();
    }

    private static DefaultHttpContext Request(IServiceProvider services, string method, string? cookie)
    {
        var context = new DefaultHttpContext { RequestServices = services };
        context.Request.Method = method;
        if (cookie != null)
        {
            context.Request.Headers.Cookie = cookie;
        }
        return context;
    }

    private static string CookieOf(IServiceProvider services, AntiforgeryTokenSet tokens)
    {
        var options = services.GetRequiredService<Microsoft.Extensions.Options.IOptions<AntiforgeryOptions>>();
        return $"{options.Value.Cookie.Name}={tokens.CookieToken}";
    }

    // A request that brings its cookie gets a token.
    private static Action Issue()
    {
        var services = TokenServices();
        var antiforgery = services.GetRequiredService<IAntiforgery>();
        string cookie = CookieOf(services, antiforgery.GetTokens(Request(services, "GET", null)));
        return () =>
        {
            if (antiforgery.GetTokens(Request(services, "GET", cookie)).RequestToken == null)
            {
                throw new InvalidOperationException("there is no token");
            }
        };
    }

    private static Action Validate()
    {
        var services = TokenServices();
        var antiforgery = services.GetRequiredService<IAntiforgery>();
        var tokens = antiforgery.GetTokens(Request(services, "GET", null));
        string cookie = CookieOf(services, tokens);
        return () =>
        {
            var context = Request(services, "POST", cookie);
            context.Request.Headers["X-CSRF-TOKEN"] = tokens.RequestToken;
            antiforgery.ValidateRequestAsync(context).GetAwaiter().GetResult();
        };
    }
}
