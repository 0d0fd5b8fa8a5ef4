#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'New-JupyterPasswordHash' {
    BeforeAll {
        $secure = [securestring]::new()
        'correct horse'.ToCharArray() | ForEach-Object { $secure.AppendChar($_) }
    }

    It 'hashes secure strings and credentials' {
        New-JupyterPasswordHash $secure | Should -MatchExactly '^argon2:\$argon2id\$v=19\$m=10240,t=10,p=8\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$'
        [pscredential]::new('anyone', $secure), $secure | New-JupyterPasswordHash -Algorithm sha512 |
            Should -MatchExactly '^sha512:[0-9a-f]{32}:[0-9a-f]{128}$'
    }

    It 'refuses an empty password' {
        Assert-StepError (Get-StepError { New-JupyterPasswordHash ([securestring]::new()) }) PasswordEmpty SecurityError
    }

    It 'refuses text, and does not show it' {
        $record = Get-StepError { New-JupyterPasswordHash hunter2 }
        Assert-StepError $record PasswordIsText InvalidArgument
        Show $record | Should -Not -Match 'hunter2'
        $record.InvocationInfo.PositionMessage | Should -Not -Match 'hunter2'
    }
}
