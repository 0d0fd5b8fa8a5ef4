#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))

    function New-TestNotebook {
        param([string] $Name, [string] $Source = 'x = 1', [string] $Kernel = 'python3')

        $path = Join-Path $TestDrive $Name
        $notebook = @{
            cells          = @(@{ cell_type = 'code'; metadata = @{}; source = $Source; outputs = @(); execution_count = $null })
            metadata       = @{ kernelspec = @{ name = $Kernel; display_name = $Kernel } }
            nbformat       = 4
            nbformat_minor = 4
        }
        [System.IO.File]::WriteAllText($path, ($notebook | ConvertTo-Json -Depth 9))
        $path
    }
}

Describe 'Get-TrainingNotebook' {
    It 'shows the example' {
        $notebook = Get-TrainingNotebook (Join-Path $example 'train.ipynb')
        $notebook.Language | Should -Be 'python'
        $notebook.CodeCellCount | Should -Be 7
        $notebook.Cells.Count | Should -Be $notebook.CellCount
        ($notebook | Out-String -Width 80) | Should -Match 'train\.ipynb\s+13\s+7\s+4\.5\s+python3\s+5\.3 KiB\s+0'
        ($notebook | Out-String -Width 80) -split "`n" | ForEach-Object { $_.TrimEnd().Length | Should -BeLessOrEqual 80 }
    }

    It 'shows a cell in one line' {
        $path = New-TestNotebook lines.ipynb "import os`nx = 1"
        ((Get-TrainingNotebook $path).Cells | Out-String -Width 80).Trim() -split "`r?`n" | Select-Object -Last 1 | Should -Match '1 code\s+0\s+import os$'
    }

    It 'takes wildcards, files, texts, and brackets' {
        $null = New-Item -ItemType Directory (Join-Path $TestDrive 'many')
        $null = New-TestNotebook 'many/a.ipynb'
        $null = New-TestNotebook 'many/b[1].ipynb'
        $many = Join-Path $TestDrive 'many'
        @(Get-TrainingNotebook "$many/*.ipynb").Count | Should -Be 2
        @(Get-TrainingNotebook "$many/b[1].ipynb").Count | Should -Be 1
        @(Get-ChildItem $many | Get-TrainingNotebook).Count | Should -Be 2
        @("$many/a.ipynb", "$many/b[1].ipynb" | Get-TrainingNotebook).Count | Should -Be 2
        (Get-TrainingNotebook -LiteralPath "$many/b[1].ipynb").Path | Should -Be (Join-Path $many 'b[1].ipynb')
    }

    It 'names a file that is no notebook, and goes on with the next' {
        $bad = Join-Path $TestDrive 'bad.ipynb'
        [System.IO.File]::WriteAllText($bad, '<!DOCTYPE html>')
        $good = New-TestNotebook good.ipynb
        Assert-StepError (Get-StepError { Get-TrainingNotebook $bad }) NotebookHtml InvalidData
        @(Get-TrainingNotebook $bad, $good -ErrorAction Ignore).Path | Should -Be $good
    }

    It 'is kept by Export-Clixml' {
        $path = Join-Path $TestDrive 'saved.xml'
        Get-TrainingNotebook (New-TestNotebook kept.ipynb 'print(1)') | Export-Clixml $path
        (Import-Clixml $path).Cells[0].Source | Should -Be 'print(1)'
    }
}
