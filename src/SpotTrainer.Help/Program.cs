using SpotTrainer.Help;

if (args is not [var pages, var output])
{
    await Console.Error.WriteLineAsync("Usage: SpotTrainer.Help FOLDER-OF-PAGES OUTPUT.xml");
    return 64;
}

try
{
    var files = Directory.Exists(pages) ? Directory.GetFiles(pages, "*-*.md") : [];
    Array.Sort(files, StringComparer.Ordinal);
    MamlWriter.Write(files.Select(file => HelpPage.Read(file)), output);
    return 0;
}
catch (FormatException exception)
{
    // The message has MSBuild's format, so the build's error list names the page.
    await Console.Error.WriteLineAsync($"{exception.Message}");
    return 1;
}
