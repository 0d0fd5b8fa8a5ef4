using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using SpotTrainer.Files;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Files;

public sealed class LocalTreeTests : IDisposable
{
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    // .NET can delete neither names that are not UTF-8 nor paths that are too long.
    public void Dispose()
    {
        using (var remove = Programs.Start("find", folder.Path, "-mindepth", "1", "-delete"))
        {
            remove.WaitForExit();
        }

        folder.Dispose();
    }

    /// <summary>find is the judge: path, kind, size, time, and target of each entry.</summary>
    [Fact]
    public async Task The_entries_are_what_find_sees()
    {
        Plant("a.txt", "a/b/c d.bin", "ü/日本/😀", "-x", "new\nline", "a/\\", "a/*", "sparse");
        Directory.CreateDirectory(folder["empty"]);
        await using (var sparse = File.OpenWrite(folder["sparse"]))
        {
            sparse.SetLength(5L << 30);
        }

        File.WriteAllText(folder["none"], "");
        File.SetLastWriteTimeUtc(folder["a.txt"], new DateTime(1999, 12, 31, 23, 59, 59, DateTimeKind.Utc).AddTicks(1234567));
        File.CreateSymbolicLink(folder["a/to-file"], "../a.txt");
        File.CreateSymbolicLink(folder["to-folder"], "./ü//日本");
        File.CreateSymbolicLink(folder["to-link"], "a/to-file");

        var seen = (await Programs.RunAsync("find", folder.Path, "-mindepth", "1", "-printf", @"%P|%y|%s|%T@|%l\0")).Succeeded();

        var lines = seen.Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('|'));
        var expected = lines.Select(part => string.Join('|',
            part[0], part[1], part[1] == "f" ? part[2] : "0",
            decimal.Parse(part[3], CultureInfo.InvariantCulture).ToString("F9", CultureInfo.InvariantCulture)[..^2], part[4]));
        Assert.Equal(expected.Order(StringComparer.Ordinal), Walk().Cast<LocalEntry>().Select(entry => string.Join('|',
            entry.Path, entry.Kind switch { EntryKind.File => "f", EntryKind.Folder => "d", _ => "l" }, entry.Size,
            ((entry.LastWriteTime - DateTime.UnixEpoch).Ticks / 1e7m).ToString("F7", CultureInfo.InvariantCulture), entry.LinkTarget))
            .Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_folder_comes_before_what_is_in_it_and_names_are_in_order()
    {
        Plant("b/2", "b/1", "b/c/3", "a", "B");

        Assert.Equal(["B", "a", "b", "b/1", "b/2", "b/c", "b/c/3"], Taken());
    }

    [Theory]
    [InlineData("/etc/hostname", nameof(LeftOutReason.LinkOut))]
    [InlineData("..", nameof(LeftOutReason.LinkOut))]
    [InlineData("../beside/file", nameof(LeftOutReason.LinkOut))]
    [InlineData("sub/out", nameof(LeftOutReason.LinkOut))]
    [InlineData("sub/out/passwd", nameof(LeftOutReason.LinkOut))]
    [InlineData("nothing", nameof(LeftOutReason.LinkDangling))]
    [InlineData("/proc/nothing", nameof(LeftOutReason.LinkDangling))]
    [InlineData("a.txt/x", nameof(LeftOutReason.LinkDangling))]
    [InlineData("link", nameof(LeftOutReason.LinkLoop))]
    [InlineData("sub/back", nameof(LeftOutReason.LinkLoop))]
    [InlineData(".", nameof(LeftOutReason.LinkLoop))]
    [InlineData("sub/..", nameof(LeftOutReason.LinkLoop))]
    [InlineData("../tree", nameof(LeftOutReason.LinkLoop))]
    public void A_link_that_leads_nowhere_good_is_named_and_not_followed(string target, string reason)
    {
        Plant("tree/a.txt", "tree/sub/file", "beside/file", "treeX/file");
        File.CreateSymbolicLink(folder["tree/sub/out"], "/etc");
        File.CreateSymbolicLink(folder["tree/sub/back"], "../link");
        File.CreateSymbolicLink(folder["tree/link"], target);
        File.CreateSymbolicLink(folder["tree/near"], "../treeX/file");

        var items = Walk(path: folder["tree"]);

        Assert.Contains($"link {reason}", LeftOut(items));
        Assert.Equal(LeftOutReason.LinkOut, Assert.Single(items.OfType<LeftOut>(), item => item.Path == "near").Reason);
        Assert.Equal(["a.txt", "sub", "sub/file"], items.OfType<LocalEntry>().Select(item => item.Path));
    }

    [Theory]
    [InlineData("{root}/sub/file", "../sub/file")]
    [InlineData("../../tree/sub/file", "../sub/file")]
    [InlineData("../sub/../sub/file", "../sub/file", false)]
    [InlineData("{other}/sub", "../sub")]
    public void A_link_into_the_tree_is_kept_so_that_it_leads_there_elsewhere(string target, string expected, bool changed = true)
    {
        Plant("tree/sub/file", "tree/links/x");
        File.CreateSymbolicLink(folder["other"], "tree");
        target = target.Replace("{root}", folder["tree"], StringComparison.Ordinal)
            .Replace("{other}", folder["other"], StringComparison.Ordinal);
        File.CreateSymbolicLink(folder["tree/links/link"], target);

        foreach (var root in new[] { folder["tree"], folder["other"], folder["tree"] + "/" })
        {
            var link = Assert.Single(Walk(path: root).OfType<LocalEntry>(), entry => entry.Kind == EntryKind.Link);

            Assert.Equal(changed ? expected : target, link.LinkTarget);
        }
    }

    [Fact]
    public async Task Pipes_sockets_and_devices_are_named_and_never_opened()
    {
        Plant("file");
        (await Programs.RunAsync("mkfifo", folder["pipe"])).Succeeded();
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(folder["socket"]));

        Assert.Equal(["pipe NotAFile", "socket NotAFile"], LeftOut(Walk()));
        Assert.Equal(["file"], Taken());
        Assert.Equal(["pipe NotAFile"], LeftOut(Walk(path: folder["pipe"])));
        Assert.Equal(["zero NotAFile"], LeftOut(Walk(path: "/dev/zero")));
        Assert.Equal(["pipe NotAFile", "socket NotAFile"], LeftOut(Walk(include: ["pipe", "socket"])));
    }

    /// <summary>.NET shows a byte that is not UTF-8 as U+FFFD, so such a name can look like that of another file.</summary>
    [Fact]
    public async Task A_name_that_is_not_UTF_8_is_named_and_the_rest_goes_on()
    {
        Plant("a", "x\uFFFDy", "z");
        (await Programs.RunAsync("sh", "-c", """
            cd "$1" && printf 1 >"$(printf 'x\377y')" && printf 2 >"$(printf 'x\376y')" && printf 3 >"$(printf 'm\377')" &&
                mkdir "$(printf 'd\300')"
            """, "sh", folder.Path)).Succeeded();

        var items = Walk();

        Assert.Equal(
            ["d\uFFFD NameNotUnicode", "m\uFFFD NameNotUnicode", "x\uFFFDy NameNotUnicode", "x\uFFFDy NameNotUnicode"], LeftOut(items));
        Assert.Equal(["a", "x\uFFFDy", "z"], items.OfType<LocalEntry>().Select(entry => entry.Path));
    }

    [Fact]
    public void What_the_user_may_not_read_is_named_and_the_rest_goes_on()
    {
        Plant("closed/file", "names-only/file", "secret.txt", "open.txt", "rules/x", "rules/.spotignore");
        File.SetUnixFileMode(folder.Path, Own | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        File.SetUnixFileMode(folder["closed"], Own);
        File.SetUnixFileMode(folder["names-only"], Own | UnixFileMode.OtherRead);
        File.SetUnixFileMode(folder["secret.txt"], UnixFileMode.UserWrite);
        File.SetUnixFileMode(folder["rules/.spotignore"], UnixFileMode.UserWrite);

        var items = AsSomebodyElse(() => Walk());

        Assert.Equal(
            ["closed FolderUnreadable", "names-only FolderUnreadable", "rules RulesUnreadable", "secret.txt FileUnreadable"],
            LeftOut(items));
        Assert.Equal(["open.txt"], items.OfType<LocalEntry>().Select(entry => entry.Path));
    }

    [Fact]
    public void What_is_missing_or_closed_itself_is_named()
    {
        Assert.Equal(["nothing FileUnreadable"], LeftOut(Walk(path: folder["nothing"])));
        Plant("sub/x");
        File.SetUnixFileMode(folder.Path, Own | UnixFileMode.OtherExecute);
        File.SetUnixFileMode(folder["sub"], Own);

        Assert.Equal([". FolderUnreadable"], LeftOut(AsSomebodyElse(() => Walk(path: folder["sub"]))));
    }

    [Fact]
    public void Depth_and_number_have_limits()
    {
        Plant("1/2/3/4/5", "1/2/3/file", "z");

        Assert.Equal(["1/2/3/4 TooDeep", "1/2/3/file TooDeep"], LeftOut(Walk(limits: new WalkLimits(Depth: 3))));
        Assert.Equal(["1", "1/2", "1/2/3", "z"], Taken(limits: new WalkLimits(Depth: 3)));
        Assert.Equal(["1/2/3/4/5 TooMany"], LeftOut(Walk(limits: new WalkLimits(Entries: 4))));
        Assert.Equal(["1", "1/2", "1/2/3", "1/2/3/4"], Taken(limits: new WalkLimits(Entries: 4)));
        Assert.Empty(LeftOut(Walk(limits: new WalkLimits(Entries: 7))));
    }

    [Fact]
    public async Task A_path_longer_than_the_system_allows_is_named()
    {
        // Linux takes 4096 bytes at once, and more one step at a time.
        Plant("deep/x", "other");
        (await Programs.RunAsync(
            "perl", "-e", "chdir shift; for (1 .. 22) { mkdir 'n' x 200 or die $!; chdir 'n' x 200 or die $!; }",
            folder["deep"])).Succeeded();

        var items = Walk();

        Assert.Equal(LeftOutReason.FileUnreadable, Assert.Single(items.OfType<LeftOut>()).Reason);
        Assert.Equal("other", items.OfType<LocalEntry>().Last().Path);
    }

    [Fact]
    public void A_canceled_walk_ends_at_the_next_entry()
    {
        Plant("1", "2", "3");
        using var source = new CancellationTokenSource();
        using var items = LocalTree.Walk(folder.Path, Rules(), new WalkLimits(), source.Token).GetEnumerator();

        Assert.True(items.MoveNext());
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => items.MoveNext());
    }

    [Fact]
    public void What_nobody_wants_to_send_stays_behind_with_a_reason()
    {
        Plant(
            ".git/HEAD", "sub/.git", ".ipynb_checkpoints/x.ipynb", "venv/pyvenv.cfg", "venv/bin/python", "conda/conda-meta/history",
            "sub/.env", ".aws/credentials", ".aws/config", "credentials", "kaggle.json", "file", "kaggle.json.txt", "environment/x");

        Assert.Equal(
            [
                ".aws/credentials Secrets", ".git Git", ".ipynb_checkpoints NotebookCheckpoints", "conda PythonEnvironment",
                "kaggle.json Secrets", "sub/.env Secrets", "sub/.git Git", "venv PythonEnvironment",
            ],
            LeftOut(Walk()));
        Assert.Equal([".aws", ".aws/config", "credentials", "environment", "environment/x", "file", "kaggle.json.txt", "sub"], Taken());
        Assert.All(Walk().OfType<LeftOut>(), item => Assert.NotEmpty(item.Why));
    }

    [Fact]
    public void What_the_user_named_is_always_taken()
    {
        Plant("kaggle.json", "venv/pyvenv.cfg", "venv/x", ".aws/credentials", ".aws/config");
        File.WriteAllText(folder["key"], "-----BEGIN PRIVATE KEY-----\n");
        File.CreateSymbolicLink(folder["link"], "key");

        Assert.Equal(["kaggle.json"], Taken(path: folder["kaggle.json"]));
        Assert.Equal(["key"], Taken(path: folder["key"]));
        Assert.Equal(["pyvenv.cfg", "x"], Taken(path: folder["venv"]));
        Assert.Equal(["config"], Taken(path: folder[".aws"]));
        var link = Assert.IsType<LocalEntry>(Assert.Single(Walk(path: folder["link"])));
        Assert.Equal(("link", EntryKind.File, 28), (link.Path, link.Kind, link.Size));
    }

    [Fact]
    public async Task What_the_user_named_and_cannot_be_sent_has_failed()
    {
        File.CreateSymbolicLink(folder["dead"], "nothing");
        File.CreateSymbolicLink(folder["round"], "round");
        (await Programs.RunAsync("mkfifo", folder["pipe"])).Succeeded();

        Assert.Equal(
            ["dead the link leads to nothing True", "pipe it is a named pipe True", "round the link leads back to where it is True"],
            Walk().OfType<LeftOut>().Select(one => $"{one.Path} {one.Why} {one.IsMeant}"));
        Assert.Equal(
            ["dead the link leads to nothing False", "pipe it is a named pipe False", "round the link leads back to where it is False"],
            Walk(path: folder["dead"]).Concat(Walk(path: folder["pipe"])).Concat(Walk(path: folder["round"])).OfType<LeftOut>()
                .Select(one => $"{one.Path} {one.Why} {one.IsMeant}"));
    }

    [Fact]
    public void An_include_pattern_that_matches_nothing_is_known()
    {
        Plant("a.csv", "sub/b.csv", ".env");
        var rules = new IgnoreRules(["nosuch.csv", "*.csv", "a.csv", "none*", "!no", "/sub/c/"], [], ignoreCase: false);
        _ = SourceSet.Find([new SendSource(folder.Path)], rules, Token);
        Assert.Equal(["nosuch.csv", "none*", "/sub/c/"], rules.Unmatched);
    }

    [Fact]
    public void Private_keys_stay_behind_whatever_their_name()
    {
        var cases = Path.Combine(AppContext.BaseDirectory, "Keys", "cases");
        string[] keys =
        [
            "der-with-trailing-bytes.pem", "key[1].pem", "literal-backslash-n.pem", "ppk-double-lines.ppk", "ppk-trailing-spaces.ppk",
            "rsa-leading-zero-integer.pem", "sshcom-by-puttygen", "utf8-bom.pem",
        ];
        foreach (var key in keys)
        {
            File.Copy(Path.Combine(cases, key), folder[key + ".txt"]);
        }

        File.WriteAllText(folder["utf16.txt"], File.ReadAllText(Path.Combine(cases, "key[1].pem")), Encoding.Unicode);
        File.WriteAllText(folder["windows.txt"], "-----BEGIN RSA PRIVATE KEY-----\r\n");
        Plant("about-keys.md", "P", "empty");
        File.WriteAllText(folder["about-keys.md"], "A file with -----BEGIN PRIVATE KEY----- in it\n-----BEGIN PRIVATE KEY-----\n");
        File.WriteAllText(folder["public.pem"], "-----BEGIN PUBLIC KEY-----\n-----BEGIN PRIVATE KEY-----\n");
        File.WriteAllText(folder["P"], "P");
        File.WriteAllText(folder["empty"], "");

        Assert.Equal(
            keys.Select(key => key + ".txt").Concat(["utf16.txt", "windows.txt"]).Order(StringComparer.Ordinal)
                .Select(key => key + " PrivateKey"),
            LeftOut(Walk()));
        Assert.Equal(["P", "about-keys.md", "empty", "public.pem"], Taken());
        Assert.Contains("windows.txt", Taken(include: ["/windows.txt"]));
    }

    [Fact]
    public void Spotignore_files_hold_below_their_folder_and_the_deeper_one_wins()
    {
        Plant("a.log", "sub/a.log", "sub/keep.log", "sub/deep/keep.log", "other/keep.log", "sub/.env", "venv/pyvenv.cfg", "key.pem");
        File.WriteAllText(folder["key.pem"], "-----BEGIN PRIVATE KEY-----\n");
        folder.Write(".spotignore", "*.log\n!venv/\n!key.pem");
        folder.Write("sub/.spotignore", "!keep.log\n/deep/*\n!.env\n");

        var items = Walk(exclude: ["/sub/keep.log"]);

        Assert.Equal(
            [
                "a.log .spotignore has the rule '*.log'", "other/keep.log .spotignore has the rule '*.log'",
                "sub/a.log .spotignore has the rule '*.log'", "sub/deep/keep.log sub/.spotignore has the rule '/deep/*'",
                "sub/keep.log -Exclude has the rule '/sub/keep.log'",
            ],
            items.OfType<LeftOut>().Select(item => $"{item.Path} {item.Why}"));
        Assert.Equal(
            [".spotignore", "key.pem", "other", "sub", "sub/.env", "sub/.spotignore", "sub/deep", "venv", "venv/pyvenv.cfg"],
            items.OfType<LocalEntry>().Select(item => item.Path));
    }

    [Theory]
    [InlineData("utf-16")]
    [InlineData("utf-8")]
    public void Spotignore_may_be_what_an_editor_on_Windows_writes(string encoding)
    {
        Plant("übung.bin", "b.txt");
        File.WriteAllText(folder[".spotignore"], "ü*.bin\r\n", Encoding.GetEncoding(encoding));

        Assert.Equal([".spotignore", "b.txt"], Taken());
    }

    [Fact]
    public async Task A_folder_whose_spotignore_cannot_be_read_stays_behind()
    {
        Plant("dangling/x", "pipe/x", "huge/x", "link/x", "folder/.spotignore/x", "link/.gitignore");
        File.CreateSymbolicLink(folder["dangling/.spotignore"], "nothing");
        (await Programs.RunAsync("mkfifo", folder["pipe/.spotignore"])).Succeeded();
        await File.WriteAllTextAsync(folder["huge/.spotignore"], new string('\n', (1 << 20) + 1), Token);
        File.CreateSymbolicLink(folder["link/.spotignore"], ".gitignore");
        await File.WriteAllTextAsync(folder["link/.gitignore"], "x", Token);

        Assert.Equal(["dangling RulesUnreadable", "huge RulesUnreadable", "link/x Rule", "pipe RulesUnreadable"], LeftOut(Walk()));
        Assert.Equal([". RulesUnreadable"], LeftOut(Walk(path: folder["pipe"])));
    }

    /// <summary>Only what was asked for, with the folders on the way to it.</summary>
    [Theory]
    [InlineData("*.csv", "a.csv", "sub", "sub/b.csv")]
    [InlineData("sub/", "sub", "sub/b.csv", "sub/c.json")]
    [InlineData("sub/**/*.csv", "sub", "sub/b.csv")]
    [InlineData("*.json", "sub", "sub/c.json")]
    [InlineData("kaggle.json", "kaggle.json")]
    [InlineData("/build/model.csv", "build", "build/model.csv")]
    [InlineData("build", "build", "build/model.csv", "build/sub", "build/sub/x")]
    [InlineData("model.csv")]
    [InlineData("venv/lib/x.csv", "venv", "venv/lib", "venv/lib/x.csv")]
    [InlineData("venv", "venv", "venv/lib", "venv/lib/x.csv", "venv/pyvenv.cfg")]
    [InlineData("venv/lib", "venv", "venv/lib", "venv/lib/x.csv")]
    [InlineData("nothing")]
    [InlineData("!*.csv", ".spotignore", "sub", "sub/c.json")]
    public void Include_means_only_this_and_a_name_means_it(string include, params string[] expected)
    {
        Plant("a.csv", "sub/b.csv", "sub/c.json", "kaggle.json", "build/model.csv", "build/sub/x", "venv/lib/x.csv", "venv/pyvenv.cfg");
        folder.Write(".spotignore", "/build\n");

        Assert.Equal(expected, Taken(include: [include]));
    }

    [Fact]
    public void Exclude_takes_from_what_include_asks_for_but_not_what_it_names()
    {
        Plant("train.csv", "test.csv", "x.txt", "data/test.csv", ".env");

        Assert.Equal(["train.csv"], Taken(include: ["*.csv"], exclude: ["test*"]));
        Assert.Equal(["train.csv"], Taken(include: ["*.csv", "!test*"]));
        Assert.Equal(["test.csv"], Taken(include: ["/test.csv"], exclude: ["*.csv"]));
        Assert.Equal([".env", "data", "data/test.csv", "test.csv", "train.csv", "x.txt"], Taken(exclude: ["!.env"]));
        Assert.Equal(["data/test.csv Rule", "test.csv Rule"], LeftOut(Walk(include: ["test*"], exclude: ["*.csv", "*.txt"])));
    }

    private static IgnoreRules Rules(string[]? include = null, string[]? exclude = null) =>
        new(include ?? [], exclude ?? [], ignoreCase: false);

    private static IEnumerable<string> LeftOut(IEnumerable<TreeItem> items) =>
        items.OfType<LeftOut>().Select(item => $"{item.Path} {item.Reason}").Order(StringComparer.Ordinal);

    private List<TreeItem> Walk(string? path = null, string[]? include = null, string[]? exclude = null, WalkLimits? limits = null) =>
        [.. LocalTree.Walk(path ?? folder.Path, Rules(include, exclude), limits ?? new WalkLimits(), Token)];

    private IEnumerable<string> Taken(string? path = null, string[]? include = null, string[]? exclude = null, WalkLimits? limits = null) =>
        Walk(path, include, exclude, limits).OfType<LocalEntry>().Select(entry => entry.Path);

    private void Plant(params string[] files)
    {
        foreach (var file in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder[file])!);
            File.WriteAllText(folder[file], file);
        }
    }

    /// <summary>Runs an action without root's rights over files, on a thread of its own, because the identity is the thread's.</summary>
    private static T AsSomebodyElse<T>(Func<T> action)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can act as somebody else.");
        var result = default(T);
        var thread = new Thread(() =>
        {
            _ = SetFileGroup(65534);
            _ = SetFileUser(65534);
            try
            {
                result = action();
            }
            finally
            {
                _ = SetFileUser(0);
                _ = SetFileGroup(0);
            }
        });
        thread.Start();
        thread.Join();
        return result!;
    }

    /// <summary>setfsuid(2). It returns the former user.</summary>
    [DllImport("libc", EntryPoint = "setfsuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetFileUser(uint user);

    /// <summary>setfsgid(2).</summary>
    [DllImport("libc", EntryPoint = "setfsgid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetFileGroup(uint group);
}
