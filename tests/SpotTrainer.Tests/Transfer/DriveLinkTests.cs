using SpotTrainer.Foundation;
using SpotTrainer.Transfer;

namespace SpotTrainer.Tests.Transfer;

/// <summary>The links of Google Drive, and the page that asks whether to download a file that was not scanned.</summary>
public sealed class DriveLinkTests
{
    private const string Id = "1AbC_dEf-0123456789";

    [Theory]
    [InlineData($"https://drive.google.com/file/d/{Id}/view?usp=sharing", "")]
    [InlineData($"https://drive.google.com/file/d/{Id}/view?usp=drive_link", "")]
    [InlineData($"https://drive.google.com/file/d/{Id}", "")]
    [InlineData($"https://drive.google.com/file/d/{Id}/edit", "")]
    [InlineData($"https://drive.google.com/file/u/1/d/{Id}/preview", "")]
    [InlineData($"https://drive.google.com/a/example.org/file/d/{Id}/view", "")]
    [InlineData($"https://drive.google.com/open?id={Id}", "")]
    [InlineData($"https://drive.google.com/u/0/uc?id={Id}&export=download", "")]
    [InlineData($"https://drive.google.com/uc?export=download&confirm=no_antivirus&id={Id}", "")]
    [InlineData($"https://docs.google.com/uc?export=download&id={Id}", "")]
    [InlineData($"https://drive.usercontent.google.com/download?id={Id}&export=download&authuser=0", "")]
    [InlineData($"https://drive.usercontent.google.com/u/0/uc?id={Id}&export=download", "")]
    [InlineData($"https://drive.google.com/file/d/{Id}/view?usp=sharing&resourcekey=0-aB_c", "&resourcekey=0-aB_c")]
    [InlineData($"https://drive.google.com/open?id={Id}&resourcekey=a%26b", "")]
    public void Each_form_of_link_leads_to_the_file(string link, string more)
    {
        var source = UriSource.Parse(link);
        Assert.True(source.IsDrive);
        Assert.Equal($"https://drive.usercontent.google.com/download?id={Id}&export=download&confirm=t{more}", source.Address);
        Assert.Equal($"https://drive.google.com/file/d/{Id}", source.Shown);
    }

    [Theory]
    [InlineData($"https://drive.google.com/drive/folders/{Id}?usp=sharing", "folder")]
    [InlineData($"https://drive.google.com/drive/u/0/folders/{Id}", "folder")]
    [InlineData($"https://docs.google.com/spreadsheets/d/{Id}/edit", "exported")]
    [InlineData($"https://docs.google.com/document/d/{Id}/edit", "exported")]
    [InlineData("https://drive.google.com/open?id=a%26b", "not a link")]
    [InlineData("https://drive.google.com/uc?export=download", "not a link")]
    public void Other_links_are_errors_that_say_what_they_are(string link, string what)
    {
        var error = Assert.Throws<SpotTrainerException>(() => UriSource.Parse(link));
        Assert.Equal(("DriveLinkUnsupported", ErrorKind.InvalidArgument), (error.Id, error.Kind));
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_server_is_not_taken_for_Google_Drive() =>
        Assert.False(UriSource.Parse($"https://drive.google.com.data.example/file/d/{Id}/view").IsDrive);

    [Theory]
    [InlineData(
        """
        <form id="download-form" action="https://drive.usercontent.google.com/download" method="get">
        <input type="submit" id="uc-download-link" value="Download anyway"/><input type="hidden" name="id" value="abc">
        <input type="hidden" name="export" value="download"><input type="hidden" name="confirm" value="t">
        <input type="hidden" name="uuid" value="a-1"></form><input type="hidden" name="at" value="x">
        """,
        "https://drive.usercontent.google.com/download?id=abc&export=download&confirm=t&uuid=a-1")]
    [InlineData(
        """<form action="https://drive.google.com/uc?id=abc&amp;confirm=t&amp;uuid=a-1" id="download-form" method="post"></form>""",
        "https://drive.google.com/uc?id=abc&confirm=t&uuid=a-1")]
    [InlineData(
        """<form id="download-form" action="/download?id=abc"><input name="uuid" type="hidden" value="a&amp;b">""",
        "https://drive.usercontent.google.com/download?id=abc&uuid=a%26b")]
    [InlineData("""<form id="download-form" action="https://data.example/download"><input type="hidden" name="id"></form>""", null)]
    [InlineData("""<form id="download-form" action="http://drive.google.com/uc?id=abc"></form>""", null)]
    [InlineData("""<form id="search" action="/search"></form>""", null)]
    [InlineData("", null)]
    public void The_page_that_asks_leads_to_the_file(string page, string? address) => Assert.Equal(address, DriveLink.Confirmed(page));
}
