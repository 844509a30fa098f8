using FsCheck;
using FsCheck.Fluent;

namespace Rapid.Hosting.Tests;

public class ServiceAddressTests
{
    [Theory]
    [InlineData("http://127.0.0.1:5101", "127.0.0.1", 5101, false)]
    [InlineData("https://learner.rapid.svc:443", "learner.rapid.svc", 443, true)]
    [InlineData("http://localhost:0", "localhost", 0, false)]
    [InlineData("http://[::1]:65535", "::1", 65535, false)]
    [InlineData("http://host_with_underscore:1/", "host_with_underscore", 1, false)]
    public void Tcp_addresses_have_a_host_and_a_port(string text, string host, int port, bool isSecure)
    {
        var address = ServiceAddress.Parse(text);

        Assert.Equal((host, port, port, isSecure), (address.Host, address.Port, address.LastPort, address.IsSecure));
        Assert.Null(address.SocketPath);
        Assert.Equal(port > 0, address.IsReachable);
        Assert.Equal(text.TrimEnd('/'), address.ToString());
    }

    [Theory]
    [InlineData("unix:/run/rapid/replay.sock", "/run/rapid/replay.sock")]
    [InlineData("unix:///run/replay.sock", "/run/replay.sock")]
    [InlineData("unix:////run/replay.sock", "/run/replay.sock")]
    [InlineData("unix:/a b/ü", "/a b/ü")]
    public void Unix_addresses_have_an_absolute_path(string text, string path)
    {
        var address = ServiceAddress.Parse(text);

        Assert.Equal(path, address.SocketPath);
        Assert.True(address.IsReachable);
        Assert.Equal($"unix:{path}", address.ToString());
        Assert.Equal(address, ServiceAddress.Unix(path));
    }

    [Fact]
    public void A_range_of_ports_can_be_listened_on_but_not_connected_to()
    {
        var address = ServiceAddress.Parse("http://0.0.0.0:5103-5199");

        Assert.Equal((5103, 5199, false), (address.Port, address.LastPort, address.IsReachable));
        Assert.Equal("http://0.0.0.0:5103-5199", address.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("127.0.0.1:5101")]
    [InlineData("localhost")]
    [InlineData("http://localhost")]
    [InlineData("http://:5101")]
    [InlineData("http://localhost:")]
    [InlineData("http://localhost:65536")]
    [InlineData("http://localhost:-1")]
    [InlineData("http://localhost:5101/path")]
    [InlineData("http://localhost:5101?x=1")]
    [InlineData("http://localhost:5101\n")]
    [InlineData("http://localhost:５１０１")]
    [InlineData("http://user@localhost:5101")]
    [InlineData("http://::1:5101")]
    [InlineData("http://[::1:5101")]
    [InlineData("http://[localhost]:5101")]
    [InlineData("http://*:5101")]
    [InlineData("http://a b:5101")]
    [InlineData("http://localhost:20-10")]
    [InlineData("http://localhost:0-10")]
    [InlineData("http://localhost:1-65536")]
    [InlineData("http://localhost:1-2-3")]
    [InlineData("http://10.0.0.1:5101?name=replay")]
    [InlineData("dns://replay:5101")]
    [InlineData("dns:///replay")]
    [InlineData("dns:///replay:0")]
    [InlineData("dns:///replay:5101-5102")]
    [InlineData("dns+http:///replay:5101")]
    [InlineData("file:///")]
    [InlineData("file:///run/")]
    [InlineData("file://run/replays")]
    [InlineData("ftp://localhost:5101")]
    [InlineData("HTTP://localhost:5101")]
    [InlineData("unix:")]
    [InlineData("unix:/")]
    [InlineData("unix:relative/path")]
    [InlineData("unix://host/path")]
    [InlineData("unix:/a/folder/")]
    [InlineData("unix:/a\0b")]
    public void What_is_no_address_is_refused_with_what_is_allowed(string text)
    {
        Assert.False(ServiceAddress.TryParse(text, out var address));
        Assert.Null(address);
        var error = Assert.Throws<ArgumentException>(() => ServiceAddress.Parse(text));
        Assert.Contains($"'{text}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("http://host:port, https://host:port or unix:/absolute/path", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_socket_path_may_have_as_many_bytes_as_the_kernel_holds_and_no_more()
    {
        Assert.True(ServiceAddress.TryParse("unix:/" + new string('x', 106), out _));
        Assert.False(ServiceAddress.TryParse("unix:/" + new string('x', 107), out _));
        Assert.False(ServiceAddress.TryParse("unix:/" + new string('ü', 54), out _));
        Assert.False(ServiceAddress.TryParse(null, out _));
    }

    [Fact]
    public void Every_address_reads_back_equal_from_its_text() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(1000),
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            string[] hosts = ["localhost", "10.1.2.3", "[::1]", "[fe80::1%eth0]", "a-b.c", "bücher.example"];
            var port = random.Next(65_536);
            var range = port > 0 && random.Next(2) == 0 ? $"-{random.Next(port, 65_536)}" : "";
            var path = string.Concat(Enumerable.Range(0, random.Next(1, 20)).Select(_ => "az09-_./ :é"[random.Next(11)]));
            var text = random.Next(3) == 0
                ? $"unix:{new string('/', random.Next(2) == 0 ? 1 : 3)}x{path}x"
                : $"http{"s"[random.Next(2)..]}://{hosts[random.Next(hosts.Length)]}:{port}{range}{"/"[random.Next(2)..]}";

            var address = ServiceAddress.Parse(text);

            Assert.Equal(address, ServiceAddress.Parse(address.ToString()));
            Assert.Equal(address.ToString(), ServiceAddress.Parse(address.ToString()).ToString());
        }));

    [Fact]
    public void No_text_makes_the_parser_fail_and_what_it_accepts_reads_back() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(3000),
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            string[] pieces =
            [
                "http", "https", "unix", ":", "/", "//", "///", "[", "]", "::1", "localhost", "1", "65536", "-", ".",
                "%", " ", "\0", "ü", "@", "\n",
            ];
            var text = string.Concat(Enumerable.Range(0, random.Next(10)).Select(_ => pieces[random.Next(pieces.Length)]));

            return !ServiceAddress.TryParse(text, out var address) || ServiceAddress.Parse(address.ToString()) == address;
        }));
}
