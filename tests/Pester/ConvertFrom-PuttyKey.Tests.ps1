#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'Import.ps1'))
}

Describe 'ConvertFrom-PuttyKey' {
    BeforeAll {
        $secret = ConvertTo-SecureString 'made for tests' -AsPlainText -Force
        $folder = Join-Path $TestDrive 'keys'
        $null = New-Item -ItemType Directory $folder
        $rsa = [System.Security.Cryptography.RSA]::Create(2048)
        1..2 | ForEach-Object { Set-Content -LiteralPath (Join-Path $folder "key$_.pem") -Value $rsa.ExportRSAPrivateKeyPem() -Encoding Ascii }
    }

    It 'goes there and back in one pipeline' {
        $there = ConvertTo-PuttyKey -Path (Join-Path $folder 'key1.pem') -Destination (Join-Path $folder 'locked.ppk') -NewPassphrase $secret -Argon2Memory 64 -Argon2Passes 1
        $there.Encrypted | Should -BeTrue
        $back = $there | ConvertFrom-PuttyKey -Passphrase $secret -NewPassphrase ([securestring]::new()) -Format PEM
        $back.Path | Should -Be (Join-Path $folder 'locked.pem')
        $back.Encrypted | Should -BeFalse
        $copy = [System.Security.Cryptography.RSA]::Create()
        $copy.ImportFromPem((Get-Content -Raw -LiteralPath $back.Path))
        $copy.ExportRSAPrivateKeyPem() | Should -Be $rsa.ExportRSAPrivateKeyPem()
    }

    It 'tells a wrong passphrase' {
        $null = ConvertTo-PuttyKey -Path (Join-Path $folder 'key2.pem') -Destination (Join-Path $folder 'wrong.ppk') -NewPassphrase $secret -Version 2
        $other = ConvertTo-SecureString 'another' -AsPlainText -Force
        Assert-StepError (Get-StepError { ConvertFrom-PuttyKey -Path (Join-Path $folder 'wrong.ppk') -Passphrase $other }) KeyPassphraseWrong AuthenticationError
        Assert-StepError (Get-StepError { ConvertFrom-PuttyKey -Path (Join-Path $folder 'wrong.ppk') }) KeyEncrypted AuthenticationError
        Join-Path $folder 'wrong.pem' | Should -Not -Exist
    }

    It 'completes formats' {
        Get-Completion 'ConvertFrom-PuttyKey -Format ' | Should -Be 'OpenSSH', 'PEM', 'PKCS8'
    }
}
