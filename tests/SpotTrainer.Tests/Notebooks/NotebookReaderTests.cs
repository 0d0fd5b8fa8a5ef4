using System.Text;
using SpotTrainer.Foundation;
using SpotTrainer.Notebooks;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Notebooks;

/// <summary>What is read of a notebook, and what is said of a file that is none.</summary>
public sealed class NotebookReaderTests : IDisposable
{
    private const string Tail =
        """], "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}}, "nbformat": 4, "nbformat_minor": 5}""";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Cells_are_read_with_their_numbers_tags_and_outputs()
    {
        var notebook = Read("""
            {"cells": [
              {"cell_type": "markdown", "metadata": {}, "source": "# Title"},
              {"cell_type": "code", "metadata": {"tags": ["parameters", "x"]}, "execution_count": 7, "source": ["a = 1\n", "b = 2"],
               "outputs": []},
              {"cell_type": "code", "metadata": {}, "execution_count": null, "source": " \n", "outputs": []},
              {"cell_type": "code", "metadata": {}, "execution_count": 8, "source": "show()", "outputs": [
                {"output_type": "stream", "name": "stdout", "text": "x"},
                {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "p", "image/png": "iVBORw0K"}}]}
            """ + Tail);
        Assert.Equal((new Version(4, 5), "python3", "Python 3", "python"), (
            notebook.Format, notebook.KernelName, notebook.KernelDisplayName, notebook.Language));
        Assert.Equal((4, 2, 2, true), (notebook.CellCount, notebook.CodeCellCount, notebook.OutputCount, notebook.HasParameters));
        Assert.Equal([null, 1, null, 2], notebook.Cells.Select(cell => cell.Number));
        Assert.Equal([null, 7, null, 8], notebook.Cells.Select(cell => cell.ExecutionCount));
        Assert.Equal("a = 1\nb = 2", notebook.Cells[1].Source);
        Assert.Equal(["parameters", "x"], notebook.Cells[1].Tags);
        Assert.Equal(["text/plain", "image/png"], notebook.Cells[3].Outputs[1].MimeTypes);
        Assert.Equal("""{"output_type": "stream", "name": "stdout", "text": "x"}""".Length, notebook.Cells[3].Outputs[0].Size);
        Assert.Equal(new FileInfo(notebook.Path).Length, notebook.Size);
    }

    [Fact]
    public void Sizes_are_those_of_the_file_in_UTF_8()
    {
        const string output = """{"output_type": "stream", "text": "é 한 😀 \ud800"}""";
        var notebook = Read($$"""{"cells": [{"cell_type": "code", "metadata": {}, "source": "x", "outputs": [{{output}}]}""" + Tail);
        Assert.Equal(Encoding.UTF8.GetByteCount(output), notebook.OutputSize);
    }

    [Theory]
    [InlineData("x", """{"cells":[{"cell_type":"code","metadata":{},"source":"x"}],"metadata":{"a":[NaN,-Infinity]},"nbformat":4}""")]
    [InlineData("b", """{"cells":[{"cell_type":"code","metadata":{},"source":"a","source":["b"]}],"metadata":{},"nbformat":4}""")]
    [InlineData("z", """{"cells": [], "metadata": {}, "nbformat": 4, "cells": [{"cell_type": "code", "metadata": {}, "source": "z"}]}""")]
    [InlineData("p 1", """{"worksheets": [{"cells": [{"cell_type": "code", "input": "p 1", "language": "python"}]}], "nbformat": 3}""")]
    [InlineData("bom", "\ufeff" + """{"cells": [{"cell_type": "code", "metadata": {}, "source": "bom"}], "metadata": {}, "nbformat": 4}""")]
    public void What_Python_reads_is_read(string source, string text) => Assert.Equal(source, Assert.Single(Read(text).Cells).Text);

    [Fact]
    public void Half_of_a_surrogate_pair_is_read_as_Python_does() => Assert.Equal(
        "x \ud83d y",
        Assert.Single(
            Read("""{"cells":[{"cell_type":"code","metadata":{},"source":"x \ud83d y"}],"metadata":{},"nbformat":4}""").Cells).Text);

    [Theory]
    [InlineData("", "NotebookEmpty")]
    [InlineData(" \r\n\t", "NotebookEmpty")]
    [InlineData("\ufeff", "NotebookEmpty")]
    [InlineData("<!DOCTYPE html><html></html>", "NotebookHtml")]
    [InlineData("\n <HTML lang='en'>", "NotebookHtml")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "NotebookLfsPointer")]
    [InlineData("{\n \"cells\": [\n<<<<<<< HEAD\n],\n=======\n],\n>>>>>>> other\n}", "NotebookConflict")]
    [InlineData("""{"cells": [{"cell_type": "code", "metadata": {}, "source": "x""", "NotebookCutOff")]
    [InlineData("""{"cells": [{"cell_type": "code", "metadata": {}, "source": "x"}], "nbformat": 4""", "NotebookCutOff")]
    [InlineData("""{"cells": [], "metadata": {}, "nbformat": 4} x""", "NotebookInvalid")]
    [InlineData("""{"cells": [], "nbformat": 4,}""", "NotebookInvalid")]
    [InlineData("""{"cells": [{"cell_type": "code", "metadata": {}, "source": 1}], "metadata": {}, "nbformat": 4}""", "NotebookInvalid")]
    [InlineData("""{"cells": [{"cell_type": "code"}], "metadata": {}, "nbformat": 4}""", "NotebookInvalid")]
    [InlineData("""{"cells": [{"cell_type": "code", "source": "x"}], "metadata": {}, "nbformat": 4}""", "NotebookInvalid")]
    [InlineData("""{"cells": [], "nbformat": 4, "nbformat_minor": 5}""", "NotebookInvalid")]
    [InlineData("""{"cells": [1], "metadata": {}, "nbformat": 4}""", "NotebookInvalid")]
    [InlineData("""{"cells": {}, "metadata": {}, "nbformat": 4}""", "NotebookInvalid")]
    [InlineData("""{"cells": []}""", "NotebookInvalid")]
    [InlineData("[1, 2]", "NotebookInvalid")]
    [InlineData("print('no notebook')", "NotebookInvalid")]
    public void What_is_no_notebook_is_said_by_kind(string text, string id)
    {
        var error = Assert.Throws<SpotTrainerException>(() => Read(text));
        Assert.Equal(id, error.Id);
        Assert.Contains(folder["a.ipynb"], error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(error.NextStep);
    }

    [Theory]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    public void UTF_16_is_named_with_and_without_its_mark(string encoding)
    {
        var text = """{"cells": [], "metadata": {}, "nbformat": 4}""";
        foreach (var mark in new[] { string.Empty, "\ufeff" })
        {
            File.WriteAllBytes(folder["a.ipynb"], Encoding.GetEncoding(encoding).GetBytes(mark + text));
            Assert.Equal("NotebookUtf16", Assert.Throws<SpotTrainerException>(() => NotebookReader.Read(folder["a.ipynb"])).Id);
        }
    }

    [Fact]
    public void Bytes_that_are_no_UTF_8_are_an_error_wherever_they_stand()
    {
        File.WriteAllBytes(folder["a.ipynb"], Encoding.Latin1.GetBytes("""{"cells": [], "metadata": {"a": "café"}, "nbformat": 4}"""));
        Assert.Equal("NotebookInvalid", Assert.Throws<SpotTrainerException>(() => NotebookReader.Read(folder["a.ipynb"])).Id);
    }

    [Theory]
    [InlineData("{\"cells\": [\n  {\"cell_type\": tru}]}", "line 2, column 20")]
    [InlineData("{\"cells\": [\n  {\"cell", "line 2, column 9")]
    public void A_fault_in_the_JSON_is_said_with_line_and_column(string text, string place) =>
        Assert.Contains(place, Assert.Throws<SpotTrainerException>(() => Read(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_that_is_not_there_and_a_folder_are_told_apart()
    {
        var missing = Assert.Throws<SpotTrainerException>(() => NotebookReader.Read(folder["none.ipynb"]));
        Directory.CreateDirectory(folder["x.ipynb"]);
        var directory = Assert.Throws<SpotTrainerException>(() => NotebookReader.Read(folder["x.ipynb"]));
        Assert.Equal(("NotebookNotFound", "NotebookNotFound"), (missing.Id, directory.Id));
        Assert.Contains("does not exist", missing.Message, StringComparison.Ordinal);
        Assert.Contains("is a folder", directory.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("train.R", "R")]
    [InlineData("train.sh", "shell")]
    public void A_script_in_another_language_is_named(string name, string language)
    {
        var error = Assert.Throws<SpotTrainerException>(() => NotebookReader.Read(folder.Write(name, "print(1)\n")));
        Assert.Equal("NotebookInvalid", error.Id);
        Assert.Contains(language, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"name": "python3"}""", "python", true)]
    [InlineData("""{"name": "conda-env-tf-py", "language": "python"}""", "python", true)]
    [InlineData("""{"name": "tf2"}""", "python", true)]
    [InlineData("null", "python", true)]
    [InlineData("""{"name": "python2", "language": "python"}""", "python", false)]
    [InlineData("""{"name": "ir"}""", "r", false)]
    [InlineData("""{"name": "julia-1.9", "language": "julia"}""", "julia", false)]
    public void The_language_is_that_of_the_kernel(string kernel, string language, bool isPython)
    {
        var notebook = Read($$"""{"cells": [], "metadata": {"kernelspec": {{kernel}}}, "nbformat": 4}""");
        Assert.Equal((language, isPython), (notebook.Language, notebook.Kernel.IsPython));
    }

    [Fact]
    public void A_notebook_that_Python_2_ran_is_told_by_its_version() => Assert.False(Read(
        """{"cells": [], "metadata": {"language_info": {"name": "python", "version": "2.7.15"}}, "nbformat": 4}""").Kernel.IsPython);

    [Fact]
    public void Outputs_of_any_length_take_no_memory()
    {
        using (var writer = File.CreateText(folder["a.ipynb"]))
        {
            writer.Write("""
                {"cells": [{"cell_type": "code", "metadata": {}, "source": "x", "outputs": [{"output_type": "x", "data": {"image/png": "
                """.TrimEnd());
            for (var i = 0; i < 1024; i++)
            {
                writer.Write(new string('A', 64 * 1024));
            }

            writer.Write("""
                "}}]}], "metadata": {}, "nbformat": 4}
                """);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var notebook = NotebookReader.Read(folder["a.ipynb"]);
        var used = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(notebook.OutputSize > 64 * 1024 * 1024);
        Assert.InRange(used, 1, 1_000_000);
    }

    [Theory]
    [InlineData('[', ']')]
    [InlineData('{', '}')]
    public void Values_inside_values_without_end_are_an_error_not_a_crash(char open, char close)
    {
        var inner = open == '[' ? "[" : "{\"a\":";
        var deep = string.Concat(Enumerable.Repeat(inner, 100_000)) + "1" + new string(close, 100_000);
        var error = Assert.Throws<SpotTrainerException>(() => Read($$"""{"cells": [], "metadata": {"a": {{deep}}}, "nbformat": 4}"""));
        Assert.Equal("NotebookInvalid", error.Id);
        Assert.Contains("inside each other", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cells_without_end_are_an_error()
    {
        var cells = string.Join(',', Enumerable.Repeat("""{"cell_type":"raw","metadata":{},"source":""}""", 200_001));
        var text = $$"""{"cells": [{{cells}}], "metadata": {}, "nbformat": 4}""";
        Assert.Equal("NotebookTooLarge", Assert.Throws<SpotTrainerException>(() => Read(text)).Id);
    }

    private TrainingNotebook Read(string text) => NotebookReader.Read(folder.Write("a.ipynb", text));
}
