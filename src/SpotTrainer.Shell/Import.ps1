# Runs first in every session of the shell: imports the repository's module, or the one whose manifest SPOTTRAINER_MODULE names.
# A session without the module is of no use: it says why, and ends.
& {
    $folder = [System.IO.DirectoryInfo] $PSScriptRoot
    while ($folder -and -not [System.IO.File]::Exists("$folder/SpotTrainer.psd1")) { $folder = $folder.Parent }
    $manifest = if ($env:SPOTTRAINER_MODULE) { $env:SPOTTRAINER_MODULE } else { "$folder/SpotTrainer.psd1" }
    try {
        Import-Module $manifest -ErrorAction Stop
    }
    catch {
        $Host.UI.WriteErrorLine("$_")
        [System.Environment]::Exit(1)
    }
}
